/** A decoded photo: 8 bits, sRGB, upright. */
export interface Photo {
  /** RGB [height, width, 3], row by row, 0 to 255. */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** What a photo's header says. */
export interface PhotoHeader {
  readonly format: string;
  /** Height and width of the upright photo, in pixels. */
  readonly height: number;
  readonly width: number;
}
