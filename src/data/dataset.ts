import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { PictureChange } from './picture.js';

/** Examples that can be asked for by index: what makes shuffling seeded and a resumed run exact. */
export interface Dataset {
  /** Number of examples. */
  readonly size: number;
  /** Shape of one example, without the batch axis: `[h, w, c]` for pictures. */
  readonly inputShape: Shape;
  readonly classNames?: readonly string[];
  /** Class of every example, for stratified splits and class weights. */
  readonly labels?: Int32Array;
  /**
   * The examples with these indices, in this order; an index may occur more than once.
   *
   * @param epoch which pass of training this is for, from 0. Data that changes from pass to pass draws by it; without it examples
   * come as they are, so that what is measured on is never changed.
   */
  batch(indices: Uint32Array, epoch?: number): Promise<Batch> | Batch;
  /** Told which examples will be asked for next, a data set may get them ready meanwhile; each call replaces the last. */
  expect?(indices: Uint32Array): void;
  /** Whether examples differ from epoch to epoch, so that nothing computed from them may be kept. */
  readonly varies?: true;
  /** The same data with each picture changed before it becomes numbers for a network; data of pictures kept as bytes has it. */
  withPictures?(change: PictureChange): Dataset;
  /** Told how many seconds a run stood still for a batch that was not yet there. */
  onWaited?(seconds: number): void;
}

/** Examples laid side by side along the first axis. */
export interface Batch {
  /** `[n, ...inputShape]` */
  readonly x: Tensor<'float32'>;
  /** int32 `[n]` class indices, or float32 `[n, ...]` targets. */
  readonly y: Tensor;
  /** One factor for the loss of each example. */
  readonly sampleWeights?: Float32Array;
}

/** An endless or finite stream of ready-made batches; called anew for every epoch. */
export type BatchSource = (epoch: number) => AsyncIterable<Batch> | Iterable<Batch>;
