import type { Dataset } from '../data/dataset.js';
import { defaultEngine } from '../engines/defaultEngine.js';
import type { Engine, Program } from '../engines/engine.js';
import type { Model } from '../model/model.js';
import { scalarFeeds } from '../model/scalarFeeds.js';
import { singlePorts } from '../model/singlePorts.js';
import type { Trace } from '../model/trace.js';
import { throwIfAborted } from '../tensor/abort.js';
import { checkFinite } from '../tensor/checkFinite.js';
import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape, sameShape, sizeOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { traceInference } from './inferenceGraph.js';
import { checkBatchSize } from './runOptions.js';

export interface PredictOptions {
  /** Examples that go through the network at once. @default 32 */
  readonly batchSize?: number;
  /** @default the shared engine of {@link defaultEngine} */
  readonly engine?: Engine;
  readonly signal?: AbortSignal;
  /**
   * Test-time augmentation, for data that is augmented: the mean of the predictions for each example as it is and for so many
   * changed ones, those of the first epochs. @default 0
   */
  readonly draws?: number;
}

/**
 * What a model makes of examples, in inference mode: x [n, ...inputShape] → [n, ...outputShape].
 *
 * For many calls with few examples each, keep a {@link Predictor}.
 * @throws FoveaError `shape` where the examples do not fit the model, `data` where they are not finite.
 */
export async function predict(
  model: Model,
  x: Tensor | Dataset,
  options: PredictOptions = {},
): Promise<Tensor<'float32'>> {
  const predictor = new Predictor(model, options.engine ?? (await defaultEngine()));
  return predictor.predict(x, options);
}

/** Predicts again and again with one model: plans are made once for each size of batch. */
export class Predictor {
  readonly #model: Model;
  readonly #engine: Engine;
  readonly #programs = new Map<string, { readonly trace: Trace; readonly program: Program }>();

  constructor(model: Model, engine: Engine) {
    this.#model = model;
    this.#engine = engine;
  }

  /** As {@link predict}. */
  async predict(x: Tensor | Dataset, options: Omit<PredictOptions, 'engine'> = {}): Promise<Tensor<'float32'>> {
    const { inputShape, outputShape } = singlePorts(this.#model);
    const size = checkExamples(this.#model, x, inputShape);
    const batchSize = checkBatchSize('predict', options.batchSize, size);
    const width = sizeOf(outputShape);
    const predictions = new Float32Array(size * width);
    const draws = checkDraws(options.draws ?? 0, x);
    for (let start = 0; start < size; start += batchSize) {
      throwIfAborted('predict', options.signal);
      const n = Math.min(batchSize, size - start);
      const sums = predictions.subarray(start * width, (start + n) * width);
      for (let draw = 0; draw <= draws; draw++) {
        const some = await this.#run(await examples(x, start, n, draw === 0 ? undefined : draw - 1), n);
        for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (some[i] as number) / (draws + 1);
      }
    }
    return new Tensor(predictions, [size, ...outputShape]);
  }

  async #run(x: Float32Array, n: number): Promise<Float32Array> {
    checkFinite('inputs', x, n);
    const key = `${this.#model.revision}|${n}`;
    let loaded = this.#programs.get(key);
    if (loaded === undefined) {
      const { graph, trace } = traceInference(this.#model, n);
      loaded = { trace, program: await this.#engine.load(this.#engine.plan(graph)) };
      this.#programs.set(key, loaded);
    }
    const { outputs } = await loaded.program.run({ x, ...scalarFeeds(loaded.trace) });
    return outputs.predictions as Float32Array;
  }
}

function checkExamples(model: Model, x: Tensor | Dataset, inputShape: Shape): number {
  const given = x instanceof Tensor ? x.shape.slice(1) : x.inputShape;
  const n = x instanceof Tensor ? (x.shape[0] ?? 0) : x.size;
  const floats = !(x instanceof Tensor) || x.data instanceof Float32Array;
  if (n > 0 && sameShape(given, inputShape) && floats) return n;
  throw new FoveaError(n === 0 ? 'data' : floats ? 'shape' : 'dtype', {
    where: `predict with model "${model.name}"`,
    rule: `it takes float32 examples ${formatShape([null, ...inputShape])}, at least one`,
    received: `${floats ? 'float32' : 'int32'} ${formatShape([n, ...given])}`,
    ...(sameShape(x instanceof Tensor ? x.shape : [], inputShape)
      ? { remedy: `For a single example use the shape ${formatShape([1, ...inputShape])}` }
      : {}),
  });
}

/** Throws `option` for anything but a whole number, and where there is nothing to draw from. */
function checkDraws(draws: number, x: Tensor | Dataset): number {
  const possible = Number.isSafeInteger(draws) && draws >= 0 && draws <= 10_000;
  if (possible && (draws === 0 || (!(x instanceof Tensor) && x.varies))) return draws;
  throw new FoveaError('option', {
    where: 'predict, option "draws"',
    rule: possible ? 'only data that is augmented can be drawn again' : 'it must be a whole number from 0 to 10000',
    received: `${draws}`,
    remedy: possible ? 'Give augmented(data, augmentation)' : 'Give the number of changed copies of each example',
  });
}

async function examples(
  x: Tensor | Dataset,
  start: number,
  n: number,
  epoch: number | undefined,
): Promise<Float32Array> {
  if (x instanceof Tensor) {
    const width = sizeOf(x.shape.slice(1));
    return (x.data as Float32Array).subarray(start * width, (start + n) * width);
  }
  const indices = Uint32Array.from({ length: n }, (_, i) => start + i);
  const batch = await x.batch(indices, epoch);
  return batch.x.data;
}
