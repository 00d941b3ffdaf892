import type { Layer } from '../layers/layer.js';
import type { Value } from '../ops/graph.js';
import type { Tensor, TensorData } from '../tensor/tensor.js';

/** The examples of one run of a network. */
export interface ObservedBatch {
  /** Number of each example in its data set; in a stream, counted from its beginning. */
  readonly indices: Uint32Array;
  readonly x: Tensor<'float32'>;
  /** 0 for an example that only stands in for one that could not be read. */
  readonly sampleWeights?: Float32Array | undefined;
}

/** Something that looks on while a network is evaluated, at no more cost than that of the ops it adds. */
export interface ForwardObserver {
  /** Called while the network is traced, after each layer; may emit ops and name outputs, under names that begin with `prefix`. */
  onLayer(layer: Layer, value: Value, prefix: string): void;
  /** Called after each run with the outputs that were named. */
  update(batch: ObservedBatch, outputs: Readonly<Record<string, TensorData>>, prefix: string): void;
}

/** The `onLayer` of a trace that several observers look at. */
export function observedBy(observers: readonly ForwardObserver[]): ((layer: Layer, value: Value) => void) | undefined {
  if (observers.length === 0) return undefined;
  return (layer, value) => {
    for (const [i, observer] of observers.entries()) observer.onLayer(layer, value, observerPrefix(i));
  };
}

/** Tells all observers of one run. */
export function tellObservers(
  observers: readonly ForwardObserver[],
  batch: ObservedBatch,
  outputs: Readonly<Record<string, TensorData>>,
): void {
  for (const [i, observer] of observers.entries()) observer.update(batch, outputs, observerPrefix(i));
}

function observerPrefix(index: number): string {
  return `observer ${index}/`;
}
