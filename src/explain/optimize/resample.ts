/** A picture moved, turned and enlarged about its center. */
export interface Movement {
  readonly down: number;
  readonly right: number;
  /** Above 1 enlarges. */
  readonly scale: number;
  readonly degrees: number;
}

type Tap = readonly [pixel: number, weight: number];

/** Bilinear sampling of a picture [h, w, 3] under a movement, gray (0.5) outside, and the way back for gradients. */
export class Resampling {
  readonly #taps: (readonly Tap[])[];

  constructor(h: number, w: number, { down, right, scale, degrees }: Movement) {
    const [cos, sin] = [Math.cos((degrees * Math.PI) / 180) / scale, Math.sin((degrees * Math.PI) / 180) / scale];
    const [cy, cx] = [(h - 1) / 2, (w - 1) / 2];
    this.#taps = Array.from({ length: h * w }, (_, p) => {
      const [y, x] = [Math.floor(p / w) - cy - down, (p % w) - cx - right];
      const [v, u] = [cy + cos * y - sin * x, cx + sin * y + cos * x];
      const [top, left] = [Math.floor(v), Math.floor(u)];
      const taps: Tap[] = [];
      for (const [row, share] of [
        [top, 1 - v + top],
        [top + 1, v - top],
      ] as const) {
        for (const [column, part] of [
          [left, 1 - u + left],
          [left + 1, u - left],
        ] as const) {
          const inside = row >= 0 && row < h && column >= 0 && column < w;
          if (inside && share * part > 0) taps.push([row * w + column, share * part]);
        }
      }
      return taps;
    });
  }

  forward(image: ArrayLike<number>): Float64Array {
    const moved = new Float64Array(image.length);
    for (const [p, taps] of this.#taps.entries()) {
      let rest = 1;
      for (const [from, weight] of taps) {
        rest -= weight;
        for (let c = 0; c < 3; c++) {
          moved[p * 3 + c] = (moved[p * 3 + c] as number) + weight * (image[from * 3 + c] as number);
        }
      }
      for (let c = 0; c < 3; c++) moved[p * 3 + c] = (moved[p * 3 + c] as number) + rest * 0.5;
    }
    return moved;
  }

  backward(gradient: ArrayLike<number>): Float64Array {
    const back = new Float64Array(gradient.length);
    for (const [p, taps] of this.#taps.entries()) {
      for (const [from, weight] of taps) {
        for (let c = 0; c < 3; c++) {
          back[from * 3 + c] = (back[from * 3 + c] as number) + weight * (gradient[p * 3 + c] as number);
        }
      }
    }
    return back;
  }
}
