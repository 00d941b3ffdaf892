import type { Shape } from '../../tensor/shape.js';
import type { TensorData } from '../../tensor/tensor.js';
import type { Decision } from '../losses/loss.js';

/** A number, one for each class, or a table. */
export type MetricValue = number | readonly number[] | readonly (readonly number[])[];

/** What a metric may know before the first batch. */
export interface MetricContext {
  /** Shape of one prediction, without the batch axis. */
  readonly outputShape: Shape;
  /** How the loss understands the outputs. */
  readonly decision: Decision;
  /** The outputs are logits: the threshold of a binary decision is 0, otherwise it is 0.5. */
  readonly fromLogits: boolean;
}

/** A measure of predictions. One of a person's own is an object with these members. */
export interface Metric {
  /** The key in logs and histories: `accuracy`; validation adds a prefix: `valAccuracy`. */
  readonly name: string;
  /** Begins to count. */
  start(context: MetricContext): MetricAccumulator;
}

/** Counts over batches. Its whole memory is `counts`, so that a resumed run continues exactly. */
export interface MetricAccumulator {
  readonly counts: Float64Array;
  /**
   * @param predictions the model's outputs [n, ...outputShape].
   * @param targets int32 class indices, or float32 targets of the outputs' shape.
   */
  update(predictions: Float32Array, targets: TensorData): void;
  result(): MetricValue;
}
