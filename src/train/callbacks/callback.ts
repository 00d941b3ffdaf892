import type { Engine } from '../../engines/engine.js';
import type { JsonObject } from '../../layers/json.js';
import type { Model } from '../../model/model.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { EpochRecord, History } from '../history.js';
import type { Optimizer } from '../optimizers/optimizer.js';

/** The run that callbacks look into and act on. */
export interface TrainingRun {
  readonly model: Model;
  /** Its learning rate and weight decay may be changed: the next step uses them. */
  readonly optimizer: Optimizer;
  readonly engine: Engine;
  readonly history: History;
  readonly seed: number;
  /** Epochs of the whole run. */
  readonly epochs: number;
  /** Undefined where the data is a stream of unknown length. */
  readonly stepsPerEpoch: number | undefined;
  /** Number of the epoch and the step in it that the run began at: 0 and 0 unless it was resumed. */
  readonly startedAt: { readonly epoch: number; readonly stepInEpoch: number };
  /** The names that the logs of an epoch will have. */
  readonly logNames: readonly string[];
  /** Ends the run after the present epoch, or after the present step where called from `onBatchEnd`. */
  stop(reason: string): void;
  /** At the end of training: replaces all weights of the model, in the order of `model.weights`. */
  replaceWeights(tensors: readonly Tensor[]): Promise<void>;
}

/** What one step came to. */
export interface BatchInfo {
  /** Counted from 0. */
  readonly epoch: number;
  /** Number of the step in its epoch, from 0. */
  readonly stepInEpoch: number;
  /** Number of the step in the whole run, from 0. */
  readonly step: number;
  /** Number of examples. */
  readonly size: number;
  /** Loss of this batch, penalties included. */
  readonly loss: number;
  /** Mean loss and metrics over the epoch so far. */
  readonly logs: EpochRecord['logs'];
  readonly learningRate: number;
  /** L2 norm of all gradients together, before they were clipped. */
  readonly gradientNorm: number;
}

/** What a callback must find again to go on after an interruption. */
export interface CallbackState {
  readonly values: JsonObject;
  readonly tensors?: Readonly<Record<string, Tensor<'float32'>>>;
}

/**
 * Something that happens along with training. Functions may be asynchronous; the run waits for them. Where weights are
 * averaged, `onEpochEnd` sees the averages in the model, and what it writes to the weights is not kept.
 */
export interface Callback {
  /** Names the kind, by which a checkpoint finds its state again. */
  readonly type?: string;
  onTrainBegin?(run: TrainingRun): void | Promise<void>;
  onEpochBegin?(run: TrainingRun, epoch: number): void | Promise<void>;
  onBatchEnd?(run: TrainingRun, info: BatchInfo): void | Promise<void>;
  onEpochEnd?(run: TrainingRun, record: EpochRecord): void | Promise<void>;
  /** Also called where training was aborted or failed. */
  onTrainEnd?(run: TrainingRun): void | Promise<void>;
  getState?(): CallbackState;
  setState?(state: CallbackState): void;
}
