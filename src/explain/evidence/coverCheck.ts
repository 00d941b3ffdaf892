import { RandomStream } from '../../tensor/random.js';
import type { Tensor } from '../../tensor/tensor.js';
import { inBatches } from '../batched.js';
import { type FillKind, fillOf } from '../fill.js';
import type { Inspector } from '../inspector.js';
import { covered, coveringGrid, displaced, type MapGrid, stretch, topMask } from './masks.js';

export interface CoverCheckOptions {
  /** The class whose probability is watched. @default the likeliest */
  readonly class?: number | undefined;
  /** Share of the photo that is covered, or less where less of it has values above 0. @default 0.2 */
  readonly share?: number;
  /** @default 'mean' */
  readonly fill?: FillKind;
  /** What black is to the network, for that fill. */
  readonly black?: readonly number[] | undefined;
  /** Random masks to compare with. @default 20 */
  readonly masks?: number;
  /** @default 0 */
  readonly seed?: number;
  /** @default 8 */
  readonly batchSize?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What happened to a probability when the place that a map points to was covered, beside random places. */
export interface CoverCheck {
  readonly class: number;
  /** Share of the photo that was covered: 0 where the map points nowhere. */
  readonly share: number;
  readonly fill: FillKind;
  readonly masks: number;
  readonly seed: number;
  /** Of the untouched photo. */
  readonly probability: number;
  /** With the place covered that the map points to. */
  readonly covered: number;
  /** With all but that place covered. */
  readonly kept: number;
  /** `covered` less `probability`. */
  readonly change: number;
  /** Mean and standard deviation of the changes by random masks of the same area and smoothness. */
  readonly randomMean: number;
  readonly randomDeviation: number;
  /**
   * 'supported' and 'opposed' only where the change lies more than two standard deviations from the random mean; 'nothing'
   * where no value of the map is above 0, so that there is nothing to cover.
   */
  readonly verdict: 'supported' | 'chance' | 'opposed' | 'nothing';
  /** 1 where the photo was covered, [height, width]. */
  readonly mask: Uint8Array;
}

/** Covers what a map points to and runs the network again: whether the map found what the probability hangs on. x [1, h, w, c]. */
export async function coverCheck(
  inspector: Inspector,
  x: Tensor<'float32'>,
  map: MapGrid,
  options: CoverCheckOptions = {},
): Promise<CoverCheck> {
  const { fill = 'mean', seed = 0, batchSize = 8, signal } = options;
  const [, height, width] = x.shape as [number, number, number, number];
  const [before] = await inspector.scores(x);
  const index = options.class ?? (before?.order[0] as number);
  const probability = before?.probabilities[index] as number;
  const grid = coveringGrid(map, height, width);
  const positive = stretch(grid, height, width).filter((value) => value > 0).length / (height * width);
  const share = Math.min(options.share ?? 0.2, positive);
  const masks = share === 0 ? 0 : (options.masks ?? 20);
  const mask = topMask(grid, height, width, share);
  const random = new RandomStream(seed, 'coverCheck');
  const others = Array.from({ length: masks }, () => topMask(displaced(grid, random), height, width, share));
  const all = [mask, mask.map((one) => 1 - one), ...others];
  const nothing = fillOf(x, fill, options.black);
  const batches = await inBatches(all, batchSize, signal, async (some) =>
    (await inspector.scores(covered(x, nothing, some))).map(({ probabilities }) => probabilities[index] as number),
  );
  const [hidden = 0, kept = 0, ...rest] = batches.flat();
  const changes = rest.map((p) => p - probability);
  const mean = changes.reduce((a, b) => a + b, 0) / Math.max(1, changes.length);
  const deviation = Math.sqrt(changes.reduce((sum, d) => sum + (d - mean) ** 2, 0) / Math.max(1, changes.length - 1));
  const change = hidden - probability;
  const beyond = change < mean - 2 * deviation ? 'supported' : change > mean + 2 * deviation ? 'opposed' : 'chance';
  const verdict = share === 0 ? 'nothing' : beyond;
  return {
    ...{ class: index, share, fill, masks, seed, probability, covered: hidden, kept, change },
    ...{ randomMean: mean, randomDeviation: deviation, verdict, mask },
  };
}
