import type { Dataset } from '../data/dataset.js';
import type { Engine, Program } from '../engines/engine.js';
import { type ForwardObserver, observedBy, tellObservers } from '../model/forwardObserver.js';
import type { Model } from '../model/model.js';
import { scalarFeeds } from '../model/scalarFeeds.js';
import { singlePorts } from '../model/singlePorts.js';
import type { Trace } from '../model/trace.js';
import { Graph, type Value } from '../ops/graph.js';
import { opTable } from '../ops/table.js';
import { throwIfAborted } from '../tensor/abort.js';
import { FoveaError } from '../tensor/errors.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';

export interface ObserveOptions {
  /** Examples that go through the network at once. @default 32 */
  readonly batchSize?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Sends all examples of a data set through a model, in inference mode, while observers look on.
 *
 * @returns what the model makes of them: [n, ...outputShape].
 * @throws FoveaError `shape` where the examples do not fit, `aborted` where the signal is given.
 */
export async function observeForward(
  model: Model,
  engine: Engine,
  data: Dataset,
  observers: readonly ForwardObserver[],
  { batchSize = 32, signal, onProgress }: ObserveOptions = {},
): Promise<Tensor<'float32'>> {
  const { inputShape, outputShape } = singlePorts(model);
  if (data.size === 0 || !sameShape(data.inputShape, inputShape)) {
    throw new FoveaError(data.size === 0 ? 'data' : 'shape', {
      where: `model "${model.name}"`,
      rule: `it takes examples of the shape ${formatShape(inputShape)}, at least one`,
      received: `${data.size} of ${formatShape(data.inputShape)}`,
    });
  }
  const programs = new Map<number, { readonly trace: Trace; readonly program: Program }>();
  const load = async (n: number) => {
    const known = programs.get(n);
    if (known !== undefined) return known;
    const graph = new Graph(opTable);
    const x = graph.input('x', [n, ...inputShape]);
    const trace = model.trace(graph, [x], { training: false, onLayer: observedBy(observers) });
    graph.output('predictions', trace.outputs[0] as Value);
    const made = { trace, program: await engine.load(engine.plan(graph)) };
    programs.set(n, made);
    return made;
  };
  const indicesAt = (start: number): Uint32Array =>
    Uint32Array.from({ length: Math.max(0, Math.min(batchSize, data.size - start)) }, (_, i) => start + i);
  const parts: Float32Array[] = [];
  data.expect?.(indicesAt(0));
  for (let start = 0; start < data.size; start += batchSize) {
    throwIfAborted('looking inside', signal);
    const indices = indicesAt(start);
    const batch = await data.batch(indices);
    data.expect?.(indicesAt(start + batchSize));
    const { trace, program } = await load(indices.length);
    const { outputs } = await program.run({ x: batch.x.data, ...scalarFeeds(trace) });
    tellObservers(observers, { indices, x: batch.x, sampleWeights: batch.sampleWeights }, outputs);
    parts.push(outputs.predictions as Float32Array);
    onProgress?.(start + indices.length, data.size);
  }
  const predictions = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    predictions.set(part, offset);
    offset += part.length;
  }
  return new Tensor(predictions, [data.size, ...outputShape]);
}
