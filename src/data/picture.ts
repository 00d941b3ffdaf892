/** Height, width and number of channels of a picture, in pixels. */
export interface PictureSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** One picture [height, width, channels], row by row: bytes 0 to 255, or floats of any range. */
export interface Picture extends PictureSize {
  readonly data: Uint8Array | Float32Array;
}

/**
 * What becomes of a picture of a data set, by its index and the epoch, which is missing where examples are to come as they are. Where
 * bytes come back they go on as bytes did before; floats in the place of bytes are taken for what the network is to see.
 */
export type PictureChange = (picture: Picture, index: number, epoch: number | undefined) => Picture;
