/** Side of a picture in pixels. */
export const DIGIT_SIDE = 28;
const PIXELS = DIGIT_SIDE * DIGIT_SIDE;
/** Pieces into which the curve between two neighbouring points is divided. */
const PIECES = 5;
const MAX_POINTS = 512;

/** A line that the pen has drawn: points with the pen's radius at each, in pixels. Reused from digit to digit. */
export class PenLine {
  readonly x = new Float64Array(MAX_POINTS);
  readonly y = new Float64Array(MAX_POINTS);
  readonly radius = new Float64Array(MAX_POINTS);
  /** 1 where a stroke begins, so that no ink joins it to the point before. */
  readonly starts = new Uint8Array(MAX_POINTS);
  length = 0;

  /**
   * Adds one stroke: cubic curves (Catmull–Rom) through the points x, y, x, y …; a corner ends one curve and begins the next.
   */
  addStroke(points: Float64Array, count: number, corners: Uint8Array): void {
    this.starts.fill(0, this.length, this.length + (count - 1) * PIECES + 1);
    this.starts[this.length] = 1;
    this.#push(points[0] as number, points[1] as number);
    for (let i = 0; i + 1 < count; i++) {
      const before = i === 0 || corners[i] === 1 ? i : i - 1;
      const after = i + 2 === count || corners[i + 1] === 1 ? i + 1 : i + 2;
      for (let piece = 1; piece <= PIECES; piece++) {
        const t = piece / PIECES;
        this.#push(along(points, 0, before, i, after, t), along(points, 1, before, i, after, t));
      }
    }
  }

  /** Rounds corners as a quick hand does: each inner point moves towards the middle of its neighbours. */
  smooth(share: number): void {
    const { x, y, starts, length } = this;
    let beforeX = x[0] as number;
    let beforeY = y[0] as number;
    for (let i = 1; i + 1 < length; i++) {
      const hereX = x[i] as number;
      const hereY = y[i] as number;
      if (starts[i] === 0 && starts[i + 1] === 0) {
        x[i] = hereX + share * ((beforeX + (x[i + 1] as number)) / 2 - hereX);
        y[i] = hereY + share * ((beforeY + (y[i + 1] as number)) / 2 - hereY);
      }
      beforeX = hereX;
      beforeY = hereY;
    }
  }

  #push(x: number, y: number): void {
    this.x[this.length] = x;
    this.y[this.length] = y;
    this.length++;
  }
}

function along(points: Float64Array, axis: number, before: number, i: number, after: number, t: number): number {
  const p0 = points[2 * before + axis] as number;
  const p1 = points[2 * i + axis] as number;
  const p2 = points[2 * i + 2 + axis] as number;
  const p3 = points[2 * after + axis] as number;
  const slope1 = (p2 - p0) / 2;
  const slope2 = (p3 - p1) / 2;
  const bend = 3 * (p2 - p1) - 2 * slope1 - slope2;
  const twist = slope1 + slope2 - 2 * (p2 - p1);
  return p1 + t * (slope1 + t * (bend + t * twist));
}

/** How much ink lies around the line, and how uneven the paper is. */
export interface InkOptions {
  /** Width in pixels over which the edge of the line fades: a blur. */
  readonly fade: number;
  /** Greatest displacement of the edge by the paper's grain, in pixels. */
  readonly grain: number;
  /** Brightness of the line's core, 0..1. */
  readonly pressure: number;
  /** Seed of the grain: an odd or even 32-bit word. */
  readonly grainSeed: number;
}

/** Turns lines into 28×28 pictures: 0 is paper, 255 is ink. */
export class DigitInk {
  /** How far each pixel's centre lies inside the line (negative: outside), in pixels. */
  readonly #depth = new Float64Array(PIXELS);

  draw(line: PenLine, options: InkOptions, pixels: Uint8Array, at: number): void {
    const { fade, grain, pressure } = options;
    const depth = this.#depth.fill(-9);
    const reach = fade / 2 + grain;
    for (let i = 1; i < line.length; i++) if (line.starts[i] === 0) cover(line, i, reach, depth);

    let state = options.grainSeed | 1;
    for (let i = 0; i < PIXELS; i++) {
      const inside = depth[i] as number;
      if (inside <= -reach) {
        pixels[at + i] = 0;
        continue;
      }
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      const edge = (state & 0xffff) / 0x8000 - 1;
      const flaw = (state >>> 16) / 0x10000;
      const coverage = (inside + edge * grain) / fade + 0.5;
      const ink = coverage <= 0 ? 0 : Math.min(coverage, 1);
      pixels[at + i] = 255 * ink * (pressure - 0.05 * flaw * flaw * flaw);
    }
  }
}

/** Raises the depth of the pixels near the piece of line that ends at point i. */
function cover(line: PenLine, i: number, reach: number, depth: Float64Array): void {
  const x0 = line.x[i - 1] as number;
  const y0 = line.y[i - 1] as number;
  const r0 = line.radius[i - 1] as number;
  const dx = (line.x[i] as number) - x0;
  const dy = (line.y[i] as number) - y0;
  const dr = (line.radius[i] as number) - r0;
  const squared = dx * dx + dy * dy + 1e-9;
  const margin = Math.max(r0, r0 + dr) + reach;
  const left = Math.max(0, Math.ceil(Math.min(x0, x0 + dx) - margin));
  const right = Math.min(DIGIT_SIDE - 1, Math.floor(Math.max(x0, x0 + dx) + margin));
  const top = Math.max(0, Math.ceil(Math.min(y0, y0 + dy) - margin));
  const bottom = Math.min(DIGIT_SIDE - 1, Math.floor(Math.max(y0, y0 + dy) + margin));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const px = x - x0;
      const py = y - y0;
      const share = (px * dx + py * dy) / squared;
      const t = share < 0 ? 0 : Math.min(share, 1);
      const ex = px - t * dx;
      const ey = py - t * dy;
      const inside = r0 + t * dr - Math.sqrt(ex * ex + ey * ey);
      const pixel = y * DIGIT_SIDE + x;
      if (inside > (depth[pixel] as number)) depth[pixel] = inside;
    }
  }
}
