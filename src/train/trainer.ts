import type { Batch } from '../data/dataset.js';
import type { Engine, Feeds, Program } from '../engines/engine.js';
import type { Model } from '../model/model.js';
import { scalarFeeds } from '../model/scalarFeeds.js';
import { singlePorts } from '../model/singlePorts.js';
import { FoveaError } from '../tensor/errors.js';
import type { Shape, TensorSpec } from '../tensor/shape.js';
import type { TensorData } from '../tensor/tensor.js';
import { findNotFinite, type NotFinite } from './diagnose.js';
import { checkBatch, randomFeed } from './feeds.js';
import { encodeTargets } from './losses/targets.js';
import { learningRateAt, type RunLength } from './schedules/schedule.js';
import { TrainingState } from './state.js';
import { type Gradients, hyperName, type TrainingSetup, traceTrainingStep } from './trainingGraph.js';

/** One batch ready to be trained on: its program is loaded and its numbers are checked. */
export interface PreparedStep {
  /** Number of examples. */
  readonly size: number;
  readonly learningRate: number;
  /** Targets as the loss takes them. */
  readonly targets: TensorData;
  readonly feeds: Feeds;
  readonly given: TensorSpec;
  readonly program: Program;
}

/** What one step came to. */
export interface StepResult {
  /** False where loss or gradients were not finite; the weights are then what they were before. */
  readonly complete: boolean;
  /** Mean over the batch, penalties included. */
  readonly loss: number;
  /** L2 norm of all gradients together, before clipping. */
  readonly gradientNorm: number;
  /** [n, ...outputShape], dropout on; empty where they were not wanted. */
  readonly predictions: Float32Array;
}

export interface TrainerOptions extends TrainingSetup {
  readonly engine: Engine;
  readonly seed: number;
  /** Whether steps return their predictions. */
  readonly predictions: boolean;
  readonly runLength?: RunLength;
  /** Whether arrays of the forward pass may be computed again rather than kept. @default false */
  readonly recompute?: boolean;
}

/**
 * Takes training steps. Plans are made for each size of batch and each choice of layers that learn, and kept, so that a
 * change of `trainable` takes effect at the next step.
 */
export class Trainer {
  readonly state: TrainingState;
  readonly #options: TrainerOptions;
  readonly #outputShape: Shape;
  readonly #inputShape: Shape;
  readonly #programs = new Map<string, { readonly step: Gradients; readonly program: Program }>();

  constructor(options: TrainerOptions, state = new TrainingState()) {
    this.#options = options;
    this.state = state;
    const { inputShape, outputShape } = singlePorts(options.model);
    this.#inputShape = inputShape;
    this.#outputShape = outputShape;
  }

  /** Checks a batch and loads its program; reads learning rate, dropout rates and `trainable` as they are now. */
  async prepare(batch: Batch): Promise<PreparedStep> {
    const { model, optimizer, seed, runLength } = this.#options;
    const { step } = this.state;
    checkMultipliers(model, optimizer.learningRateMultipliers);
    const size = checkBatch(batch, this.#inputShape);
    const given: TensorSpec = { shape: batch.y.shape, dtype: batch.y.dtype };
    const { step: traced, program } = await this.#load(size, given);
    const targets = encodeTargets(batch.y, traced.target, this.#outputShape.at(-1) ?? 1);
    const learningRate = learningRateAt(optimizer.learningRate, step, runLength);
    const corrections = optimizer.corrections(step + 1);
    const all: Record<string, TensorData> = {
      x: batch.x.data,
      y: targets,
      sampleWeights: batch.sampleWeights ?? new Float32Array(size).fill(1),
      random: randomFeed(seed, step),
      ...scalarFeeds(traced.trace),
    };
    for (const { entry } of traced.learned) {
      const rate = learningRate * (optimizer.learningRateMultipliers?.[entry.layer.name] ?? 1);
      const weightDecay = optimizer.decays(entry.path) ? optimizer.weightDecay : 0;
      all[hyperName(optimizer, entry)] = Float32Array.of(rate, weightDecay, ...corrections);
    }
    const feeds = Object.fromEntries(Object.entries(all).filter(([name]) => traced.graph.inputs.has(name)));
    return { size, learningRate, targets, feeds, given, program };
  }

  /** Takes the step: the engine is asked before this returns, so that the caller can fetch the next batch meanwhile. */
  async run(prepared: PreparedStep): Promise<StepResult> {
    const { outputs, complete } = await prepared.program.run(prepared.feeds);
    if (complete) this.state.step++;
    return {
      complete,
      loss: outputs.loss?.[0] as number,
      gradientNorm: Math.sqrt(outputs.squaredNorm?.[0] ?? 0),
      predictions: (outputs.predictions ?? new Float32Array()) as Float32Array,
    };
  }

  /** The first layer where a step that was not complete went wrong. */
  diagnose(prepared: PreparedStep): Promise<NotFinite> {
    return findNotFinite(this.#options, this.#options.engine, prepared.size, prepared.given, prepared.feeds);
  }

  async #load(n: number, given: TensorSpec) {
    const { model, optimizer, engine, averageMomentum, predictions, recompute = false } = this.#options;
    const learns = model.layers.map((layer) => (layer.trainable ? '1' : '0')).join('');
    const perLayer = optimizer.learningRateMultipliers !== undefined;
    const { clipNorm, clipValue } = optimizer;
    const key = [model.revision, learns, n, given.dtype, given.shape, clipNorm, clipValue, perLayer].join('|');
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    if (averageMomentum !== undefined) {
      for (const entry of model.weights) {
        if (entry.layer.trainable && entry.weight.learned) await this.state.startAverage(entry);
      }
    }
    const step = traceTrainingStep(this.#options, this.state, n, given, predictions);
    const loaded = { step, program: await engine.load(engine.plan(step.graph, { recompute })) };
    this.#programs.set(key, loaded);
    return loaded;
  }
}

/** A factor for a layer that is not there would silently do nothing. */
function checkMultipliers(model: Model, multipliers: Readonly<Record<string, number>> = {}): void {
  for (const [name, factor] of Object.entries(multipliers)) {
    const where = 'learningRateMultipliers';
    if (!(factor >= 0 && factor < Number.POSITIVE_INFINITY)) {
      const rule = `the factor of "${name}" must be a finite number of at least 0`;
      throw new FoveaError('option', { where, rule, received: `${factor}` });
    }
    model.layer(name);
  }
}
