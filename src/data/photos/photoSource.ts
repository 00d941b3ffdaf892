import type { Photo } from './photo.js';

/** Photos of one size that are decoded one by one: files in Node, pictures that a person chose in a browser. */
export interface PhotoSource {
  /** Height and width of every photo, in pixels. */
  readonly height: number;
  readonly width: number;
  /** What each photo is called; problems name it. */
  readonly names: readonly string[];
  /** Class of each photo. */
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  /** Factor of each photo in the loss, at least 0. @default 1 */
  readonly weights?: Float32Array;
  /** What each photo has in common with others that must not be on both sides of a split. */
  readonly groups?: readonly string[];
  /** Decodes a photo. Throws a FoveaError where that is not possible. */
  load(index: number): Promise<Photo>;
}
