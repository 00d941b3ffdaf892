import { safetensorsPieces, type WritableTensor } from '../formats/safetensors.js';
import { BaseDropout } from '../layers/baseDropout.js';
import type { JsonObject } from '../layers/json.js';
import type { Model } from '../model/model.js';
import type { Callback } from './callbacks/callback.js';
import { FORMAT, VERSION, writeFacts } from './checkpointFormat.js';
import type { Metric } from './metrics/metric.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { Progress } from './progress.js';
import type { TrainingState } from './state.js';

/** Everything from which a run goes on as if it had never stopped. */
export interface Checkpoint {
  /** A safetensors file, in pieces to be written one after the other. */
  readonly pieces: readonly Uint8Array[];
  /** The epoch that the run is in, from 0. */
  readonly epoch: number;
  /** Steps of the whole run so far. */
  readonly step: number;
}

/** When checkpoints are made, and what becomes of them. One is always made after an epoch and when a run ends early. */
export interface CheckpointOptions {
  /** Keeps the checkpoint; the run waits for it. `checkpointFile(path)` of the Node entry writes it to a file. */
  readonly save: (checkpoint: Checkpoint) => void | Promise<void>;
  /** Steps between two checkpoints within an epoch. */
  readonly everySteps?: number;
  /** Seconds between two checkpoints within an epoch. */
  readonly everySeconds?: number;
}

/** The parts of a run that a checkpoint is made of and that it is put back into. */
export interface CheckpointedRun {
  readonly model: Model;
  readonly optimizer: Optimizer;
  /** The optimizer as the run was begun with. */
  readonly initialOptimizer: JsonObject;
  readonly state: TrainingState;
  readonly progress: Progress;
  readonly metrics: readonly Metric[];
  readonly callbacks: readonly Callback[];
  readonly seed: number;
  readonly epochs: number;
  /** Null for a stream of batches. */
  readonly batchSize: number | null;
  readonly size: number | null;
  readonly shuffle: boolean;
}

/**
 * The present state of a run.
 *
 * @param weights values to store instead of the model's, in the order of `model.weights`.
 */
export async function makeCheckpoint(run: CheckpointedRun, weights?: readonly Float32Array[]): Promise<Checkpoint> {
  const { model, optimizer, state, progress } = run;
  const tensors = new Map<string, WritableTensor>();
  for (const [i, { path, weight }] of model.weights.entries()) {
    const { variable } = weight;
    tensors.set(`weights/${path}`, { shape: variable.shape, data: weights?.[i] ?? (await variable.read()) });
  }
  for (const [path, slots] of state.slots) {
    for (const [i, slot] of slots.entries()) {
      tensors.set(`optimizer/${optimizer.slots[i]}/${path}`, { shape: slot.shape, data: await slot.read() });
    }
  }
  for (const [path, average] of state.averages) {
    tensors.set(`average/${path}`, { shape: average.shape, data: await average.read() });
  }
  const callbacks = run.callbacks.flatMap((callback) => {
    const stored = callback.getState?.();
    return stored === undefined ? [] : [{ type: callback.type ?? 'callback', ...stored }];
  });
  for (const [i, callback] of callbacks.entries()) {
    for (const [name, tensor] of Object.entries(callback.tensors ?? {})) tensors.set(`callback/${i}/${name}`, tensor);
  }
  const { seed, epochs, batchSize, size, shuffle } = run;
  const { epoch, stepInEpoch, lossSum, lossCount, learningRate, history, stopReason } = progress;
  const training = writeFacts({
    ...{
      seed,
      epochs,
      epoch,
      stepInEpoch,
      step: state.step,
      lossSum,
      lossCount,
      learningRate,
      batchSize,
      size,
      shuffle,
    },
    // A run that was stopped within an epoch is there to be taken up again.
    stopReason: stepInEpoch === 0 ? (stopReason ?? null) : null,
    metrics: run.metrics.map(({ name }, i) => ({ name, counts: [...(progress.counters[i]?.counts ?? [])] })),
    history: history.epochs.map((record) => ({ ...record, logs: { ...record.logs } })),
    optimizer: { initial: run.initialOptimizer, present: optimizer.toConfig() },
    layers: describeLayers(model),
    callbacks: callbacks.map(({ type, values }) => ({ type, values })),
  });
  const pieces = safetensorsPieces(tensors, { format: FORMAT, version: VERSION, training });
  return { pieces, epoch, step: state.step };
}

/** The layers with what may be changed while training (`trainable`, a dropout rate) apart from what may not. */
export function describeLayers(model: Model) {
  return model.layers.map((layer) => {
    const { trainable: _, rate, name: __, ...config } = layer.config();
    const changeable = layer instanceof BaseDropout;
    return {
      name: layer.name,
      type: layer.type,
      config: changeable || rate === undefined ? config : { ...config, rate },
      trainable: layer.trainable,
      rate: changeable ? layer.rate : null,
    };
  });
}
