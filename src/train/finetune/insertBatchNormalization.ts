import type { Dataset } from '../../data/dataset.js';
import { defaultEngine } from '../../engines/defaultEngine.js';
import type { Engine } from '../../engines/engine.js';
import { type BatchNormalization, batchNormalization } from '../../layers/batchNormalization.js';
import type { LayerOutput } from '../../layers/layerOutput.js';
import { Model } from '../../model/model.js';
import { throwIfAborted } from '../../tensor/abort.js';
import { FoveaError } from '../../tensor/errors.js';
import { Tensor } from '../../tensor/tensor.js';
import { Predictor } from '../predict.js';
import { checkBatchSize } from '../runOptions.js';

export interface InsertBatchNormalizationOptions {
  /** Added to the variance. @default 0.001 */
  readonly epsilon?: number;
  /** Share of the running statistics that a step keeps. @default 0.99 */
  readonly momentum?: number;
  /** Examples that go through the network at once. @default 32 */
  readonly batchSize?: number;
  /** @default the shared engine of `defaultEngine` */
  readonly engine?: Engine;
  readonly signal?: AbortSignal;
}

/**
 * A model with a batch normalization, `<layer>_bn`, after each of the named layers, which computes what it computed before:
 * mean and variance of each channel are measured on `data`, and β = mean, γ = √(variance + ε). That holds in inference mode;
 * while training, a batch has statistics of its own. All other layers are those of `model`, weights included.
 *
 * @throws FoveaError `name` for an unknown layer, `option` for one that is applied several times.
 */
export async function insertBatchNormalization(
  model: Model,
  after: string | number | readonly (string | number)[],
  data: Dataset,
  options: InsertBatchNormalizationOptions = {},
): Promise<Model> {
  const { epsilon = 1e-3, momentum = 0.99 } = options;
  const engine = options.engine ?? (await defaultEngine());
  const inserted = new Map<LayerOutput, BatchNormalization>();
  for (const nameOrIndex of [after].flat()) {
    const node = onlyApplication(model, nameOrIndex);
    const { mean, variance } = await channelStatistics(model, node, data, engine, options);
    const layer = batchNormalization({ name: `${node.layer.name}_bn`, epsilon, momentum });
    layer.build([node.shape], model.seed);
    const values = [variance.map((v) => Math.sqrt(v + epsilon)), mean, mean, variance];
    await layer.setWeights(values.map((value) => new Tensor(value, [value.length])));
    inserted.set(node, layer);
  }
  return rebuilt(model, inserted);
}

/** The same graph of the same layers, with a layer after some of the nodes. */
function rebuilt(model: Model, inserted: ReadonlyMap<LayerOutput, BatchNormalization>): Model {
  const nodes = new Map<LayerOutput, LayerOutput>(model.inputs.map((node) => [node, node]));
  const twin = (node: LayerOutput): LayerOutput => nodes.get(node) as LayerOutput;
  for (const node of model.nodes) {
    const same = nodes.get(node) ?? node.layer.apply(node.inputs.map(twin));
    nodes.set(node, inserted.get(node)?.apply(same) ?? same);
  }
  const { kind, name, seed } = model;
  return new Model(kind, { inputs: model.inputs, outputs: model.outputs.map(twin) }, { name, seed });
}

function onlyApplication(model: Model, nameOrIndex: string | number): LayerOutput {
  const layer = model.layer(nameOrIndex);
  const [node, ...more] = model.nodes.filter((one) => one.layer === layer);
  if (node !== undefined && more.length === 0) return node;
  throw new FoveaError('option', {
    where: `insertBatchNormalization after ${layer.where}`,
    rule: 'the layer is applied several times, with statistics of its own each time',
  });
}

/** Mean and biased variance of each channel of what a node makes of the data. */
async function channelStatistics(
  model: Model,
  node: LayerOutput,
  data: Dataset,
  engine: Engine,
  { batchSize, signal }: InsertBatchNormalizationOptions,
) {
  const below = new Model('functional', { inputs: model.inputs, outputs: [node] }, { name: model.name });
  const predictor = new Predictor(below, engine);
  const size = checkBatchSize('insertBatchNormalization', batchSize, data.size);
  const c = node.shape.at(-1) ?? 1;
  const sums = new Float64Array(c);
  const squares = new Float64Array(c);
  // Sums of what differs from the first example stay small, so that no digits are lost.
  let shift: Float32Array | undefined;
  let count = 0;
  for (let start = 0; start < data.size; start += size) {
    throwIfAborted('insertBatchNormalization', signal);
    const n = Math.min(size, data.size - start);
    const { x } = await data.batch(Uint32Array.from({ length: n }, (_, i) => start + i));
    const { data: y } = await predictor.predict(x, { batchSize: n });
    shift ??= y.slice(0, c);
    for (let i = 0; i < y.length; i++) {
      const channel = i % c;
      const difference = (y[i] as number) - (shift[channel] as number);
      sums[channel] = (sums[channel] as number) + difference;
      squares[channel] = (squares[channel] as number) + difference * difference;
    }
    count += y.length / c;
  }
  const mean = Float32Array.from(sums, (sum, i) => ((shift as Float32Array)[i] as number) + sum / count);
  const variance = Float32Array.from(sums, (sum, i) =>
    Math.max(0, (squares[i] as number) / count - (sum / count) ** 2),
  );
  return { mean, variance };
}
