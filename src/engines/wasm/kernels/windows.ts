// Which taps of a window, and which windows, meet: for windows that move by `stride` with taps `dilation` pixels apart.

/** The first tap inside the image of a window that starts at `origin` (which may be negative). */
// @ts-ignore: decorator
@inline
export function firstTap(origin: i32, dilation: i32): i32 {
  return origin >= 0 ? 0 : (dilation - 1 - origin) / dilation;
}

/** One more than the last tap inside an image of `size` pixels. */
// @ts-ignore: decorator
@inline
export function endTap(origin: i32, dilation: i32, size: i32, taps: i32): i32 {
  return origin >= size ? 0 : min(taps, (size - 1 - origin) / dilation + 1);
}

/** The first window that reaches the padded position `at`. */
// @ts-ignore: decorator
@inline
export function firstWindow(at: i32, taps: i32, stride: i32, dilation: i32): i32 {
  return max(0, at - (taps - 1) * dilation + stride - 1) / stride;
}

/** One more than the last window that starts at or before the padded position `at`. */
// @ts-ignore: decorator
@inline
export function endWindow(at: i32, stride: i32, windows: i32): i32 {
  return min(windows, at / stride + 1);
}
