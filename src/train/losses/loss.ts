import type { JsonObject } from '../../layers/json.js';
import type { Value } from '../../ops/graph.js';
import type { Shape, TensorSpec } from '../../tensor/shape.js';

/** What a prediction is compared by: the likeliest class, a threshold for each output, or the values themselves. */
export type Decision = 'classes' | 'binary' | 'values';

/** How far predictions are from targets. A loss of one's own is an object with these members. */
export interface Loss {
  /** Which loss: `categoricalCrossentropy`. */
  readonly type: string;
  /** What would make it again; plain JSON. */
  readonly options: JsonObject;
  /** What metrics compare. */
  readonly decision: Decision;
  /** The model's outputs are logits: no softmax or sigmoid was applied. */
  readonly fromLogits: boolean;
  /**
   * The array that targets are given to `emit` as.
   *
   * @param given what the data set has, with the batch axis.
   * @param output the model's output, with the batch axis.
   * @throws FoveaError `shape` or `dtype` where the targets do not suit the output.
   */
  target(given: TensorSpec, output: Shape): TensorSpec;
  /** Emits the loss of each example: output [n, ...], target as `target` said → [n]. */
  emit(output: Value, target: Value): Value;
}
