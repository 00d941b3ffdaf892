import type { BatchSource, Dataset } from '../data/dataset.js';
import { shuffledIndices } from '../data/shuffle.js';
import { subset } from '../data/subset.js';
import type { Engine } from '../engines/engine.js';
import type { JsonObject } from '../layers/json.js';
import type { Model } from '../model/model.js';
import { singlePorts } from '../model/singlePorts.js';
import { abortError, unlessAborted } from '../tensor/abort.js';
import { FoveaError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { type Batches, datasetBatches, Prefetch, sourceBatches } from './batches.js';
import type { Callback, TrainingRun } from './callbacks/callback.js';
import { type Checkpoint, type CheckpointedRun, makeCheckpoint } from './checkpoint.js';
import type { ReadCheckpoint } from './checkpointFormat.js';
import { resolveClassWeights, withClassWeights } from './classWeights.js';
import { Evaluator, inOrder, metricContext } from './evaluate.js';
import type { FitResult } from './fit.js';
import { type FitData, type FitOptions, partData, sampleIndices } from './fitOptions.js';
import { type EpochRecord, prefixed } from './history.js';
import { lossFrom } from './losses/lossFrom.js';
import type { Metric } from './metrics/metric.js';
import { metricsFrom } from './metrics/metricFrom.js';
import type { Optimizer } from './optimizers/optimizer.js';
import { optimizerFrom } from './optimizers/optimizerFrom.js';
import { beginNextEpoch, newProgress, type Progress } from './progress.js';
import { restoreCallbacks, restoreRun } from './restore.js';
import { checkBatchSize } from './runOptions.js';
import type { TrainingState } from './state.js';
import { type PreparedStep, Trainer } from './trainer.js';

/** How many training examples are measured on after each epoch, where nothing else is said. */
const TRAIN_SAMPLE = 2000;

/** One call of `fit`: its parts, its place, and the loop over epochs and steps. */
export class FitRun implements CheckpointedRun, TrainingRun {
  readonly model: Model;
  readonly engine: Engine;
  readonly optimizer: Optimizer;
  readonly initialOptimizer: JsonObject;
  readonly metrics: readonly Metric[];
  readonly callbacks: readonly Callback[];
  readonly progress: Progress;
  readonly seed: number;
  readonly epochs: number;
  readonly shuffle: boolean;
  readonly batchSize: number | null;
  readonly size: number | null;
  readonly stepsPerEpoch: number | undefined;
  readonly logNames: readonly string[];
  startedAt = { epoch: 0, stepInEpoch: 0 };
  readonly #options: FitOptions;
  readonly #data: FitData;
  readonly #sample: Dataset | undefined;
  readonly #trainer: Trainer;
  readonly #evaluator: Evaluator;
  readonly #classWeights: readonly number[] | undefined;
  /** The weights of the last step, once others have taken their place. */
  #lastWeights: readonly Float32Array[] | undefined;
  #epochStart = 0;
  #lastSave = 0;

  constructor(
    model: Model,
    data: Dataset | BatchSource,
    options: FitOptions,
    engine: Engine,
    seed: number | undefined,
  ) {
    this.model = model;
    this.engine = engine;
    this.#options = options;
    this.seed = options.seed ?? seed ?? 0;
    this.epochs = options.epochs ?? 1;
    this.shuffle = options.shuffle ?? true;
    this.callbacks = options.callbacks ?? [];
    this.optimizer = optimizerFrom(options.optimizer ?? 'adam');
    this.initialOptimizer = this.optimizer.toConfig();
    this.metrics = metricsFrom(options.metrics ?? []);
    const loss = lossFrom(options.loss);
    this.#data = partData(data, options.validation, this.seed);
    const { training, validation } = this.#data;
    const dataset = typeof training === 'function' ? undefined : training;
    this.size = dataset?.size ?? null;
    this.batchSize = dataset === undefined ? null : checkBatchSize('fit', options.batchSize, dataset.size);
    this.stepsPerEpoch =
      dataset === undefined ? options.stepsPerEpoch : Math.ceil(dataset.size / (this.batchSize ?? 1));
    if (dataset !== undefined && options.trainSample !== 0) {
      this.#sample = subset(dataset, sampleIndices(dataset.size, options.trainSample ?? TRAIN_SAMPLE, this.seed));
    }
    const { outputShape } = singlePorts(model);
    if (options.classWeights !== undefined) {
      this.#classWeights = resolveClassWeights(options.classWeights, dataset, outputShape.at(-1) ?? 1);
    }
    const names = ['loss', ...this.metrics.map(({ name }) => name)];
    const kinds = [...(this.#sample === undefined ? [] : ['train']), ...(validation === undefined ? [] : ['val'])];
    this.logNames = [...names, ...kinds.flatMap((kind) => names.map((name) => prefixed(kind, name)))];
    this.progress = newProgress(this.metrics.map((metric) => metric.start(metricContext(model, loss))));
    this.#evaluator = new Evaluator(model, engine, loss, this.metrics);
    const { stepsPerEpoch } = this;
    this.#trainer = new Trainer({
      ...{ model, engine, loss, optimizer: this.optimizer, seed: this.seed },
      averageMomentum: options.averageWeights?.momentum,
      recompute: options.recompute ?? false,
      predictions: this.metrics.length > 0,
      runLength: stepsPerEpoch === undefined ? {} : { stepsPerEpoch, totalSteps: stepsPerEpoch * this.epochs },
    });
  }

  get state(): TrainingState {
    return this.#trainer.state;
  }

  get history() {
    return this.progress.history;
  }

  stop(reason: string): void {
    this.progress.stopReason ??= reason;
  }

  async replaceWeights(tensors: readonly Tensor[]): Promise<void> {
    await this.#keepLastWeights();
    await this.model.setWeights(tensors);
  }

  async run(resumed: ReadCheckpoint | undefined): Promise<FitResult> {
    if (resumed !== undefined) await restoreRun(this, resumed);
    const { epoch, stepInEpoch } = this.progress;
    this.startedAt = { epoch, stepInEpoch };
    for (const callback of this.callbacks) await callback.onTrainBegin?.(this);
    if (resumed !== undefined) restoreCallbacks(this, resumed);
    this.#lastSave = performance.now();
    let aborted = false;
    try {
      while (this.progress.epoch < this.epochs && this.progress.stopReason === undefined) await this.#epoch();
    } catch (error) {
      aborted = error instanceof FoveaError && error.code === 'aborted' && this.#options.signal?.aborted === true;
      if (!aborted) {
        await this.#finish().catch(() => undefined); // the first error is the one to know of
        throw error;
      }
    }
    if (this.progress.stepInEpoch > 0) await this.#save();
    await this.#finish();
    const { stopReason } = this.progress;
    return {
      history: this.history,
      stopped: aborted ? 'aborted' : stopReason === undefined ? 'completed' : 'stopped',
      reason: stopReason,
      epochs: this.progress.epoch,
      steps: this.state.step,
      checkpoint: () => this.#checkpoint(),
    };
  }

  async #epoch(): Promise<void> {
    const { progress } = this;
    this.#epochStart = performance.now();
    if (progress.stepInEpoch === 0) {
      for (const callback of this.callbacks) await callback.onEpochBegin?.(this, progress.epoch);
    }
    if (!(await this.#steps())) return;
    await this.state.withAverages(this.model.weights, async () => {
      const measured = await this.#measure();
      progress.history.epochs.push(measured);
      for (const callback of this.callbacks) await callback.onEpochEnd?.(this, measured);
    });
    beginNextEpoch(progress);
    await this.#save();
  }

  /** All steps that are left of the epoch; false where a callback ended the run before. */
  async #steps(): Promise<boolean> {
    const { progress } = this;
    const { signal } = this.#options;
    const batches = new Prefetch(this.#batches());
    try {
      for (;;) {
        const batch = await unlessAborted('fit', batches.take(), signal);
        if (batch === undefined) break;
        const weighted = this.#classWeights === undefined ? batch : withClassWeights(batch, this.#classWeights);
        const step = await this.#trainer.prepare(weighted);
        await this.#step(step, batches);
        if (progress.stopReason !== undefined) return false;
        if (signal?.aborted) throw abortError('fit', signal);
      }
    } finally {
      batches.close();
    }
    if (progress.stepInEpoch > 0) return true;
    throw new FoveaError('data', {
      where: 'fit',
      rule: 'at least one batch is needed',
      received: 'none in this epoch',
    });
  }

  async #step(prepared: PreparedStep, batches: Prefetch): Promise<void> {
    const { progress, state } = this;
    const running = this.#trainer.run(prepared);
    batches.fetch();
    const { complete, loss, gradientNorm, predictions } = await running;
    if (!complete) await this.#notFinite(prepared, loss);
    const { size, learningRate, targets } = prepared;
    const stepInEpoch = progress.stepInEpoch++;
    progress.lossSum += loss * size;
    progress.lossCount += size;
    progress.learningRate = learningRate;
    for (const counter of progress.counters) counter.update(predictions, targets);
    const runningLogs = (): EpochRecord['logs'] => this.#runningLogs();
    const info = {
      ...{ epoch: progress.epoch, stepInEpoch, step: state.step - 1, size, loss, learningRate, gradientNorm },
      get logs() {
        return runningLogs();
      },
    };
    for (const callback of this.callbacks) await callback.onBatchEnd?.(this, info);
    const { everySteps, everySeconds } = this.#options.checkpoint ?? {};
    const late = everySeconds !== undefined && performance.now() - this.#lastSave >= 1000 * everySeconds;
    if (late || (everySteps !== undefined && state.step % everySteps === 0)) await this.#save();
  }

  #batches(): Batches {
    const { training } = this.#data;
    const { epoch, stepInEpoch } = this.progress;
    if (typeof training === 'function') return sourceBatches(training, epoch, stepInEpoch, this.stepsPerEpoch);
    const order = this.shuffle ? shuffledIndices(training.size, this.seed, epoch) : inOrder(training.size);
    return datasetBatches(training, order, this.batchSize ?? 1, stepInEpoch, epoch);
  }

  #runningLogs(): EpochRecord['logs'] {
    const { lossSum, lossCount, counters } = this.progress;
    const entries = this.metrics.map(({ name }, i) => [name, counters[i]?.result() ?? 0] as const);
    return { loss: lossSum / lossCount, ...Object.fromEntries(entries) };
  }

  /** Closes the books of an epoch: the running figures, and those in inference mode. */
  async #measure(): Promise<EpochRecord> {
    const { signal } = this.#options;
    const logs = { ...this.#runningLogs() };
    const measure = async (prefix: string, data: Dataset | BatchSource | undefined): Promise<void> => {
      if (data === undefined) return;
      const batchSize = typeof data === 'function' ? undefined : Math.min(this.batchSize ?? data.size, data.size);
      const evaluation = await this.#evaluator.run(data, batchSize, signal);
      for (const [name, value] of Object.entries(evaluation)) logs[prefixed(prefix, name)] = value;
    };
    await measure('train', this.#sample);
    await measure('val', this.#data.validation);
    const seconds = (performance.now() - this.#epochStart) / 1000;
    const { epoch, learningRate } = this.progress;
    return { epoch, step: this.state.step, seconds, learningRate, logs };
  }

  async #save(): Promise<void> {
    const { checkpoint } = this.#options;
    if (checkpoint === undefined) return;
    await checkpoint.save(await this.#checkpoint());
    this.#lastSave = performance.now();
  }

  #checkpoint(): Promise<Checkpoint> {
    return makeCheckpoint(this, this.#lastWeights);
  }

  /** Puts the averages in the place of the weights and lets callbacks end. */
  async #finish(): Promise<void> {
    const { weights } = this.model;
    if (this.#options.averageWeights !== undefined) {
      await this.#keepLastWeights();
      for (const { path, weight } of weights) {
        const average = this.state.averages.get(path);
        if (average !== undefined) await weight.variable.write(await average.read());
      }
    }
    for (const callback of this.callbacks) await callback.onTrainEnd?.(this);
  }

  async #keepLastWeights(): Promise<void> {
    this.#lastWeights ??= await Promise.all(this.model.weights.map(({ weight }) => weight.variable.read()));
  }

  async #notFinite(prepared: PreparedStep, loss: number): Promise<never> {
    const { epoch, stepInEpoch, history } = this.progress;
    const { step } = this.state;
    await this.#save();
    const { what, layer, description } = await this.#trainer.diagnose(prepared);
    const became = Number.isFinite(loss) ? 'a gradient is not finite' : `the loss became ${loss}`;
    throw new FoveaError('numeric', {
      where: 'fit',
      rule: `${became} at step ${step + 1} (epoch ${epoch + 1}, its step ${stepInEpoch + 1}); the first that is not finite is ${description}`,
      received: `learning rate ${prepared.learningRate}`,
      remedy:
        what === 'weights'
          ? 'Start again from weights that are finite'
          : 'Lower the learning rate or clip gradients (clipNorm: 1); the weights are those before this step',
      data: { epoch, step, stepInEpoch, what, layer, loss, learningRate: prepared.learningRate, history },
    });
  }
}
