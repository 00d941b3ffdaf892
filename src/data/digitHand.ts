import { RandomStream } from '../tensor/random.js';
import { DIGIT_SIDE, DigitInk, PenLine } from './digitPen.js';
import { type DigitShape, digitShapes } from './digitShapes.js';

const CLASSES = 10;

/**
 * Writes digits: each one by a hand of its own with its slant, haste and pen. Everything is drawn from (seed, split, index)
 * with additions, products and square roots only, which every JavaScript engine rounds alike.
 */
export class DigitHand {
  readonly #seed: number;
  readonly #purpose: string;
  readonly #shapes = digitShapes();
  readonly #line = new PenLine();
  readonly #ink = new DigitInk();
  readonly #points = new Float64Array(64);

  constructor(seed: number, split: string) {
    this.#seed = seed;
    this.#purpose = `digits ${split}`;
  }

  /** Class of example number `index`. */
  label(index: number): number {
    return new RandomStream(this.#seed, this.#purpose, index).below(CLASSES);
  }

  /** Draws example number `index` into 784 bytes of `pixels` from `at` on, and returns its class. */
  draw(index: number, pixels: Uint8Array, at: number): number {
    const random = new RandomStream(this.#seed, this.#purpose, index);
    const label = random.below(CLASSES);
    const line = this.#line;
    line.length = 0;
    this.#trace(random, pickShape(random, this.#shapes[label] as readonly DigitShape[]));
    const haste = random.below(4);
    for (let i = 0; i < haste; i++) line.smooth(0.9);
    bendPaper(random, line);
    const radius = pickRadius(random);
    place(random, line, radius);
    pressPen(random, line, radius);
    const options = {
      fade: 0.9 + 0.4 * random.uniform(),
      grain: (0.05 + 0.15 * random.uniform()) * radius,
      pressure: 0.97 + 0.03 * random.uniform(),
      grainSeed: random.word(),
    };
    this.#ink.draw(line, options, pixels, at);
    return label;
  }

  /** The strokes of a shape, each point off by a little: what makes two digits of one writer differ. */
  #trace(random: RandomStream, shape: DigitShape): void {
    const points = this.#points;
    const looseness = 1.5 + 2.6 * random.uniform();
    const mean = random.uniform();
    for (const { from, to, corners } of shape.strokes) {
      const share = mean + 0.4 * (random.uniform() - 0.5);
      const shiftX = 1.5 * bell(random);
      const shiftY = 1.5 * bell(random);
      for (let i = 0; i < from.length; i += 2) {
        const x = from[i] as number;
        const y = from[i + 1] as number;
        points[i] = x + share * ((to[i] as number) - x) + shiftX + looseness * bell(random);
        points[i + 1] = y + share * ((to[i + 1] as number) - y) + shiftY + looseness * bell(random);
      }
      this.#line.addStroke(points, corners.length, corners);
    }
  }
}

/** Bell-shaped with mean 0 and standard deviation 1, at most 3.5: the sum of a word's four bytes. */
function bell(random: RandomStream): number {
  const word = random.word();
  return ((word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24) - 510) / 147.8;
}

function pickShape(random: RandomStream, shapes: readonly DigitShape[]): DigitShape {
  let place = random.uniform() * shapes.reduce((sum, { weight }) => sum + weight, 0);
  for (const shape of shapes) {
    place -= shape.weight;
    if (place < 0) return shape;
  }
  return shapes[0] as DigitShape;
}

/** Bends, widens, slants and turns the whole digit; units are still hundredths of its height. */
function bendPaper(random: RandomStream, line: PenLine): void {
  const bow = 4.5 * bell(random);
  const sag = 4 * bell(random);
  const taper = 0.13 * bell(random);
  const swing = 3 * bell(random);
  const width = 1.14 + 0.18 * bell(random);
  const slant = 0.14 + 0.25 * bell(random);
  // Half the angle's tangent gives sine and cosine without trigonometry.
  const half = 0.055 * bell(random);
  const cos = (1 - half * half) / (1 + half * half);
  const sin = (2 * half) / (1 + half * half);
  for (let i = 0; i < line.length; i++) {
    const u = ((line.x[i] as number) - 30) / 30;
    const v = ((line.y[i] as number) - 50) / 50;
    const x = 30 * u * (width + taper * v) + bow * v * v + swing * (v * v * v - v) * 2 - slant * 50 * v;
    const y = 50 * v + sag * u * u * (0.5 - v);
    line.x[i] = cos * x - sin * y;
    line.y[i] = sin * x + cos * y;
  }
}

/** Half the width of the line in pixels: mostly a ballpoint, sometimes a fine liner or a felt pen. */
function pickRadius(random: RandomStream): number {
  const radius = 1.3 + 0.34 * bell(random);
  return radius < 0.7 ? 1.4 - radius : radius;
}

/** Fits the digit into the picture: its longer side near 20 pixels, its ink's centre near the picture's. */
function place(random: RandomStream, line: PenLine, radius: number): void {
  const { x, y, length } = line;
  let [left, right, top, bottom] = [x[0] as number, x[0] as number, y[0] as number, y[0] as number];
  let [sumX, sumY, weights] = [0, 0, 1e-9];
  for (let i = 1; i < length; i++) {
    const hereX = x[i] as number;
    const hereY = y[i] as number;
    left = Math.min(left, hereX);
    right = Math.max(right, hereX);
    top = Math.min(top, hereY);
    bottom = Math.max(bottom, hereY);
    if (line.starts[i] === 1) continue;
    const dx = hereX - (x[i - 1] as number);
    const dy = hereY - (y[i - 1] as number);
    const weight = Math.sqrt(dx * dx + dy * dy);
    sumX += weight * (hereX - dx / 2);
    sumY += weight * (hereY - dy / 2);
    weights += weight;
  }
  const size = 20 + 1.2 * bell(random);
  const scale = (size - 2 * radius) / Math.max(right - left, bottom - top, 1);
  const centerX = (DIGIT_SIDE - 1) / 2 + bell(random) - (scale * sumX) / weights;
  const centerY = (DIGIT_SIDE - 1) / 2 + bell(random) - (scale * sumY) / weights;
  for (let i = 0; i < length; i++) {
    x[i] = centerX + scale * (x[i] as number);
    y[i] = centerY + scale * (y[i] as number);
  }
}

/** The pen's radius along the line: pressure swells and falls, and a slanted nib draws some directions broader. */
function pressPen(random: RandomStream, line: PenLine, radius: number): void {
  const swell = 0.09 * bell(random);
  const drift = 0.07 * bell(random);
  const turns = 1 + random.below(3);
  const phase = random.uniform();
  const nibX = 0.1 * bell(random);
  const nibY = 0.1 * bell(random);
  for (let i = 0; i < line.length; i++) {
    const from = line.starts[i] === 1 ? i : i - 1;
    const to = from === i ? i + 1 : i;
    const dx = (line.x[to] as number) - (line.x[from] as number);
    const dy = (line.y[to] as number) - (line.y[from] as number);
    const length = Math.sqrt(dx * dx + dy * dy) + 1e-9;
    const progress = i / line.length;
    const wave = (progress * turns + phase) % 1;
    // A parabola on each half: a wave between −1 and 1 without a sine.
    const sine = wave < 0.5 ? 16 * wave * (0.5 - wave) : -16 * (wave - 0.5) * (1 - wave);
    const nib = (dx * nibX + dy * nibY) / length;
    line.radius[i] = radius * (1 + swell * sine + drift * (2 * progress - 1) + Math.abs(nib) - 0.05);
  }
}
