import type { BatchSource, Dataset } from '../data/dataset.js';
import { defaultEngine } from '../engines/defaultEngine.js';
import type { Engine, Program } from '../engines/engine.js';
import { type ForwardObserver, observedBy, tellObservers } from '../model/forwardObserver.js';
import type { Model } from '../model/model.js';
import { scalarFeeds } from '../model/scalarFeeds.js';
import { singlePorts } from '../model/singlePorts.js';
import { unlessAborted } from '../tensor/abort.js';
import { FoveaError } from '../tensor/errors.js';
import type { TensorSpec } from '../tensor/shape.js';
import type { TensorData } from '../tensor/tensor.js';
import { datasetBatches, Prefetch, sourceBatches } from './batches.js';
import { checkBatch } from './feeds.js';
import { traceEvaluation } from './inferenceGraph.js';
import type { Loss } from './losses/loss.js';
import { type LossName, lossFrom } from './losses/lossFrom.js';
import { encodeTargets } from './losses/targets.js';
import type { Metric, MetricContext, MetricValue } from './metrics/metric.js';
import { type MetricName, metricsFrom } from './metrics/metricFrom.js';
import { checkBatchSize } from './runOptions.js';

export interface EvaluateOptions {
  readonly loss: Loss | LossName;
  /** @default [] */
  readonly metrics?: readonly (Metric | MetricName)[];
  /** Examples that go through the network at once. @default 32 */
  readonly batchSize?: number;
  /** @default the shared engine of {@link defaultEngine} */
  readonly engine?: Engine;
  readonly signal?: AbortSignal;
  /** What looks on meanwhile: `TopPatches` of fovea/explain. @default none */
  readonly observers?: readonly ForwardObserver[];
}

/** `loss` and one entry per metric. */
export type Evaluation = { readonly loss: number } & Readonly<Record<string, MetricValue>>;

/**
 * Measures a model on data, in inference mode. The loss is the mean over the examples of weight · loss, plus the penalties
 * of layers that learn, as while training.
 *
 * @throws FoveaError `aborted` where the signal is given.
 */
export async function evaluate(
  model: Model,
  data: Dataset | BatchSource,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { batchSize, signal } = options;
  const engine = options.engine ?? (await defaultEngine());
  const metrics = metricsFrom(options.metrics ?? []);
  const evaluator = new Evaluator(model, engine, lossFrom(options.loss), metrics, options.observers);
  return evaluator.run(data, batchSize, signal);
}

/** How the model's outputs are to be understood by metrics. */
export function metricContext(model: Model, { decision, fromLogits }: Loss): MetricContext {
  return { outputShape: singlePorts(model).outputShape, decision, fromLogits };
}

/** Measures again and again with one model: plans are made once for each size of batch. */
export class Evaluator {
  readonly #model: Model;
  readonly #engine: Engine;
  readonly #loss: Loss;
  readonly #metrics: readonly Metric[];
  readonly #observers: readonly ForwardObserver[];
  readonly #programs = new Map<string, ReturnType<typeof traceEvaluation> & { readonly program: Program }>();

  constructor(
    model: Model,
    engine: Engine,
    loss: Loss,
    metrics: readonly Metric[],
    observers: readonly ForwardObserver[] = [],
  ) {
    this.#model = model;
    this.#engine = engine;
    this.#loss = loss;
    this.#metrics = metrics;
    this.#observers = observers;
  }

  /** As {@link evaluate}. */
  async run(data: Dataset | BatchSource, batchSize?: number, signal?: AbortSignal): Promise<Evaluation> {
    const { inputShape, outputShape } = singlePorts(this.#model);
    const counters = this.#metrics.map((metric) => metric.start(metricContext(this.#model, this.#loss)));
    const batches = new Prefetch(
      typeof data === 'function'
        ? sourceBatches(data, 0, 0)
        : datasetBatches(data, inOrder(data.size), checkBatchSize('evaluate', batchSize, data.size)),
    );
    let sum = 0;
    let count = 0;
    let penalty = 0;
    let settle = async (): Promise<void> => {};
    try {
      for (;;) {
        const batch = await unlessAborted('evaluate', batches.take(), signal);
        if (batch === undefined) break;
        const n = checkBatch(batch, inputShape);
        const { program, trace, target } = await this.#load(n, { shape: batch.y.shape, dtype: batch.y.dtype });
        const y = encodeTargets(batch.y, target, outputShape.at(-1) ?? 1);
        const running = program.run({ x: batch.x.data, y, ...scalarFeeds(trace) });
        batches.fetch();
        // What came out of the batch before is looked at while this one is computed.
        const [{ outputs }] = await Promise.all([running, settle()]);
        const first = count;
        count += n;
        settle = async () => {
          const losses = outputs.losses as TensorData;
          for (let i = 0; i < n; i++) sum += (losses[i] as number) * (batch.sampleWeights?.[i] ?? 1);
          const indices = Uint32Array.from({ length: n }, (_, i) => first + i);
          tellObservers(this.#observers, { indices, x: batch.x, sampleWeights: batch.sampleWeights }, outputs);
          penalty = outputs.penalty?.[0] ?? 0;
          for (const counter of counters) counter.update(outputs.predictions as Float32Array, y);
        };
      }
      await settle();
    } finally {
      batches.close();
    }
    if (count === 0) {
      throw new FoveaError('data', {
        where: 'evaluate',
        rule: 'at least one example is needed',
        received: 'no batches',
      });
    }
    const entries = this.#metrics.map((metric, i) => [metric.name, counters[i]?.result()] as const);
    return { loss: sum / count + penalty, ...Object.fromEntries(entries) } as Evaluation;
  }

  async #load(n: number, given: TensorSpec) {
    // Which layers learn decides which penalties count.
    const learns = this.#model.layers.map((layer) => (layer.trainable ? '1' : '0')).join('');
    const key = [this.#model.revision, learns, n, given.dtype, given.shape].join('|');
    let loaded = this.#programs.get(key);
    if (loaded === undefined) {
      const traced = traceEvaluation(this.#model, n, this.#loss, given, observedBy(this.#observers));
      loaded = { ...traced, program: await this.#engine.load(this.#engine.plan(traced.graph)) };
      this.#programs.set(key, loaded);
    }
    return loaded;
  }
}

/** 0, 1 … size − 1. */
export function inOrder(size: number): Uint32Array {
  return Uint32Array.from({ length: size }, (_, i) => i);
}
