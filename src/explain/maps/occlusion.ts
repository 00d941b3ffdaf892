import { FoveaError } from '../../tensor/errors.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { inBatches } from '../batched.js';
import { type FillKind, fillOf } from '../fill.js';
import type { Inspector } from '../inspector.js';
import type { LayerPlace } from '../place.js';
import { readScores } from '../scores.js';
import { logOdds, logProbability, rowsOf } from '../target.js';
import { type Attribution, rangeOf } from './attribution.js';

export interface OcclusionOptions {
  /** The class that is watched. @default the likeliest */
  readonly class?: number | undefined;
  /** Side of the square that covers, in pixels. @default a quarter of the shorter side */
  readonly size?: number;
  /** Pixels between two positions. @default half the side */
  readonly stride?: number;
  /** Goes on with squares of half the side where this share of the positions mattered most; 0: not at all. @default 0.2 */
  readonly refine?: number;
  /** What covers, or a picture of the photo's shape that does. @default 'mean' */
  readonly fill?: FillKind | Tensor<'float32'>;
  readonly black?: readonly number[] | undefined;
  /** A channel whose sum over its map is watched too, as Zeiler and Fergus do. @default none */
  readonly unit?: { readonly place: LayerPlace; readonly channel: number } | undefined;
  /** Photos that go through the network at once. @default 8 */
  readonly batchSize?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: OcclusionProgress) => void;
}

/** How far occlusion has come. */
export interface OcclusionProgress {
  readonly done: number;
  readonly total: number;
  /** What has been measured so far. */
  readonly positions: readonly OcclusionPosition[];
}

/** What the network said with one square covered. */
export interface OcclusionPosition {
  readonly top: number;
  readonly left: number;
  readonly size: number;
  /** Of the class that is watched. */
  readonly probability: number;
  /** log p / (1 − p) of the same, in nats: it still moves where the probability is as good as 1. */
  readonly logOdds: number;
  /** The likeliest class. */
  readonly label: number;
  /** Sum over the map of the unit, where one is watched. */
  readonly unit: number | undefined;
}

/** What covering each part of a photo did: the five panels of Zeiler and Fergus (2013), as numbers. */
export interface Occlusion extends Attribution {
  readonly class: number;
  /** Without anything covered. */
  readonly probability: number;
  readonly logOdds: number;
  readonly label: number;
  readonly unit: number | undefined;
  /** The channel that was watched. */
  readonly watched: OcclusionOptions['unit'];
  /** The first round: squares of one size, row by row. */
  readonly rows: number;
  readonly columns: number;
  readonly coarse: readonly OcclusionPosition[];
  /** The second round, where the first mattered most. */
  readonly fine: readonly OcclusionPosition[];
  /** The values again, as the fall of the log odds. */
  readonly logOddsFall: Float32Array;
}

/**
 * Slides a square over a photo [1, h, w, c] and watches what the network says. The map's value at a pixel is by how much the
 * probability fell, the mean over the smallest squares that covered it: above 0 where the class needs what is there.
 *
 * @throws FoveaError `option` for a size that does not fit, `aborted` where the signal is given.
 */
export async function occlusion(
  inspector: Inspector,
  x: Tensor<'float32'>,
  options: OcclusionOptions = {},
): Promise<Occlusion> {
  const [n, height, width] = x.shape as [number, number, number, number];
  if (x.shape.length !== 4 || n !== 1) {
    const rule = 'it takes one photo, [1, h, w, c]';
    throw new FoveaError('shape', { where: 'occlusion', rule, received: formatShape(x.shape) });
  }
  const { size = Math.max(1, Math.round(Math.min(height, width) / 4)), refine = 0.2, fill = 'mean' } = options;
  const { stride = Math.max(1, Math.round(size / 2)) } = options;
  checkSizes(size, stride, Math.min(height, width), refine);
  const nothing = typeof fill === 'string' ? fillOf(x, fill, options.black) : fill;
  if (!sameShape(nothing.shape, x.shape)) {
    const rule = `what covers must have the shape of the photo, ${formatShape(x.shape)}`;
    throw new FoveaError('shape', { where: 'occlusion', rule, received: formatShape(nothing.shape) });
  }
  const run = new Run(inspector, x, nothing, options);
  const before = await run.measure([undefined]);
  const [whole] = before as [Measured];
  const index = options.class ?? whole.label;
  const corners = (side: number): number[] =>
    Array.from({ length: Math.floor((side - size) / stride) + 1 }, (_, i) => i * stride);
  const [tops, lefts] = [corners(height), corners(width)];
  const squares = tops.flatMap((top) => lefts.map((left) => ({ top, left, size })));
  const coarse = await run.all(squares, index, Math.round(squares.length * refine) * 9);
  const fineSquares = finer(coarse, whole, index, refine);
  const fine = await run.all(fineSquares, index, 0);
  const start = position(whole, { top: 0, left: 0, size: 0 }, index);
  const values = new Float32Array(height * width);
  const logOddsFall = new Float32Array(height * width);
  for (const [result, fall] of [
    [values, (at: OcclusionPosition) => start.probability - at.probability],
    [logOddsFall, (at: OcclusionPosition) => start.logOdds - at.logOdds],
  ] as const) {
    lay(result, width, coarse, fall);
    lay(result, width, fine, fall);
  }
  return {
    ...{ method: 'occlusion', height, width, values, signed: true, range: rangeOf(values), place: 'input' },
    target: { kind: 'logProbability', class: index },
    ...{ targetValue: logProbability(whole.scores, index, inspector.scoreActivation), logOddsFall },
    parameters: { size, stride, refine, fill: typeof fill === 'string' ? fill : 'given' },
    ...{
      class: index,
      probability: start.probability,
      logOdds: start.logOdds,
      label: whole.label,
      unit: whole.unit,
      watched: options.unit,
    },
    ...{ rows: tops.length, columns: lefts.length, coarse, fine },
  };
}

interface Square {
  readonly top: number;
  readonly left: number;
  readonly size: number;
}

interface Measured {
  readonly scores: ReturnType<typeof readScores>;
  readonly label: number;
  readonly unit: number | undefined;
  /** Log odds of a class. */
  readonly odds: (index: number) => number;
}

/** Runs the network with squares covered. */
class Run {
  readonly #inspector: Inspector;
  readonly #x: Tensor<'float32'>;
  readonly #fill: Tensor<'float32'>;
  readonly #options: OcclusionOptions;
  readonly #found: OcclusionPosition[] = [];

  constructor(inspector: Inspector, x: Tensor<'float32'>, fill: Tensor<'float32'>, options: OcclusionOptions) {
    this.#inspector = inspector;
    this.#x = x;
    this.#fill = fill;
    this.#options = options;
  }

  async all(squares: readonly Square[], index: number, later: number): Promise<OcclusionPosition[]> {
    const { batchSize = 8, signal, onProgress } = this.#options;
    const found = await inBatches(squares, batchSize, signal, async (some, first) => {
      const measured = await this.measure(some);
      const positions = measured.map((one, i) => position(one, some[i] as Square, index));
      this.#found.push(...positions);
      const left = squares.length - first - some.length;
      onProgress?.({ done: this.#found.length, total: this.#found.length + left + later, positions: this.#found });
      return positions;
    });
    return found.flat();
  }

  async measure(squares: readonly (Square | undefined)[]): Promise<Measured[]> {
    const { unit } = this.#options;
    const batch = this.#cover(squares);
    const [logits, maps] = await this.#inspector.forward(
      batch,
      unit === undefined ? ['logits'] : ['logits', unit.place],
    );
    const channels = maps === undefined ? 1 : (maps.shape.at(-1) as number);
    const sums = maps === undefined ? [] : rowsOf(maps).map((row) => sumOfChannel(row, channels, unit?.channel ?? 0));
    const { scoreActivation } = this.#inspector;
    return rowsOf(logits as Tensor<'float32'>).map((row, i) => {
      const scores = readScores(row, scoreActivation);
      const odds = (index: number): number => logOdds(scores, index, scoreActivation);
      return { scores, label: scores.order[0] as number, unit: sums[i], odds };
    });
  }

  #cover(squares: readonly (Square | undefined)[]): Tensor<'float32'> {
    const [, , w, c] = this.#x.shape as [number, number, number, number];
    const { size: width } = this.#x;
    const data = new Float32Array(squares.length * width);
    for (const [i, square] of squares.entries()) {
      data.set(this.#x.data, i * width);
      if (square === undefined) continue;
      for (let y = square.top; y < square.top + square.size; y++) {
        const start = (y * w + square.left) * c;
        data.set(this.#fill.data.subarray(start, start + square.size * c), i * width + start);
      }
    }
    return new Tensor(data, [squares.length, ...this.#x.shape.slice(1)]);
  }
}

function position(
  { scores, label, unit, odds }: Measured,
  { top, left, size }: Square,
  index: number,
): OcclusionPosition {
  return { top, left, size, probability: scores.probabilities[index] as number, logOdds: odds(index), label, unit };
}

/** Squares of half the side, over those places where the first round changed most. */
function finer(coarse: readonly OcclusionPosition[], whole: Measured, index: number, share: number): Square[] {
  const [first] = coarse;
  const size = Math.round((first?.size ?? 0) / 2);
  if (size < 1 || share <= 0) return [];
  const start = position(whole, { top: 0, left: 0, size: 0 }, index).logOdds;
  const ranked = coarse.slice().sort((a, b) => Math.abs(b.logOdds - start) - Math.abs(a.logOdds - start));
  const step = Math.max(1, Math.round(size / 2));
  const squares = new Map<string, Square>();
  for (const { top, left, size: side } of ranked.slice(0, Math.round(share * coarse.length))) {
    for (let y = top; y + size <= top + side; y += step) {
      for (let x = left; x + size <= left + side; x += step) squares.set(`${y},${x}`, { top: y, left: x, size });
    }
  }
  return [...squares.values()];
}

/** Writes to each pixel that squares cover the mean of their values. */
function lay(
  map: Float32Array,
  width: number,
  positions: readonly OcclusionPosition[],
  value: (at: OcclusionPosition) => number,
): void {
  const sums = new Float64Array(map.length);
  const counts = new Uint32Array(map.length);
  for (const at of positions) {
    for (let y = at.top; y < at.top + at.size; y++) {
      for (let x = at.left; x < at.left + at.size; x++) {
        const pixel = y * width + x;
        sums[pixel] = (sums[pixel] as number) + value(at);
        counts[pixel] = (counts[pixel] as number) + 1;
      }
    }
  }
  for (const [pixel, count] of counts.entries()) if (count > 0) map[pixel] = (sums[pixel] as number) / count;
}

function sumOfChannel(row: Float32Array, channels: number, channel: number): number {
  let sum = 0;
  for (let i = channel; i < row.length; i += channels) sum += row[i] as number;
  return sum;
}

function checkSizes(size: number, stride: number, side: number, refine: number): void {
  const whole = [size, stride].every((n) => Number.isInteger(n) && n >= 1);
  if (whole && size <= side && refine >= 0 && refine <= 1) return;
  throw new FoveaError('option', {
    where: 'occlusion',
    rule: `size and stride must be whole numbers of pixels from 1, the size at most ${side}, refine from 0 to 1`,
    received: `size ${size}, stride ${stride}, refine ${refine}`,
  });
}
