import { throwIfAborted } from '../../tensor/abort.js';
import { FoveaError } from '../../tensor/errors.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';
import { inBatches } from '../batched.js';
import { Inspector } from '../inspector.js';
import { type Attribution, fixedTarget } from '../maps/attribution.js';
import { rowsOf, type Target } from '../target.js';
import { rankCorrelation } from './correlation.js';
import { edgeMap, meanCells } from './edges.js';
import { impute } from './impute.js';
import { coveringGrid, displaced, type MapGrid, topMask } from './masks.js';
import { layersFromTop, shuffleWeights } from './shuffleWeights.js';

/** Makes the map that is tested: of one photo [1, h, w, c], for a target. */
export type MapMaker = (inspector: Inspector, x: Tensor<'float32'>, target: Target) => Promise<Attribution>;

export interface ControlOptions {
  /** @default the margin: the likeliest class rather than the next */
  readonly target?: Target | undefined;
  /** Stages in which the weights are made random, from the top. @default 5 */
  readonly stages?: number;
  /** How many of these stages are run; the verdict needs the first alone. @default all */
  readonly runStages?: number;
  /** Displaced maps that the real one is compared with, for each photo. @default 5 */
  readonly displaced?: number;
  /** Shares of the photo that are taken away. @default [0.1, 0.3, 0.5, 0.7] */
  readonly shares?: readonly number[];
  /** @default 0 */
  readonly seed?: number;
  /** @default 8 */
  readonly batchSize?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

/** One test that a map must pass before it is believed. */
export interface Control {
  readonly passed: boolean;
  /** What was measured. */
  readonly value: number;
  /** What it must stay below. */
  readonly limit: number;
}

/** Whether maps of a method tell something of this network at all. They find broken maps; they do not rank good ones. */
export interface Controls {
  readonly photos: number;
  /** Rank correlation of the map with that of the same network after the first stage, the top layers random. */
  readonly weights: Control & {
    /** After each stage: the share of layers that are random, and the correlation. */
    readonly stages: readonly { readonly share: number; readonly correlation: number }[];
  };
  /** Rank correlation of the map with the edges of the photo. */
  readonly edges: Control;
  /** Whether the class falls more when what the map points to is taken away than with the map displaced. */
  readonly chance: {
    readonly passed: boolean;
    /** The difference in standard errors over the photos; undefined where they are too few to have one. */
    readonly value?: number | undefined;
    /** What it must stay below. */
    readonly limit: number;
    /** The mean difference itself, in nats. */
    readonly difference: number;
  };
  /** 'tooFew': passed or failed, so few photos do not say. */
  readonly verdict: 'passed' | 'failed' | 'tooFew';
}

/** With fewer photos there is no verdict. */
const LEAST_CONTROL_PHOTOS = 3;

/**
 * A map that stays this much the same while the top fifth of the layers, which tell classes apart, is random does not say why
 * the network chose a class. Set on four photos with the trained SqueezeNet and MobileNet: class maps 0.1, gradients 0.5 and
 * 0.2, guided backpropagation 0.95 and 0.85, edges alone 1. On a network and
 * pictures that had no part in it (ResNet-20, the first 20 test pictures of CIFAR-10, three seeds): class maps 0.02 to 0.13, gradients
 * 0.3, guided backpropagation 0.85 to 0.87.
 */
const WEIGHTS_LIMIT = 0.7;
/** Above this correlation a map is said to be edges. */
const EDGES_LIMIT = 0.7;
/** A map must be this many standard errors better than the same map displaced. */
const CHANCE_LIMIT = 2;

/**
 * Tests the maps of a method on some photos [n, h, w, c]: whether they change when the network's weights are made random,
 * from the top (Adebayo et al., 2018); whether they are more than the photo's edges; and whether taking away what they point
 * to, filled in from its surroundings (ROAD, Rong et al., 2022), hurts the class more than a map of the same smoothness would.
 *
 * @throws FoveaError `aborted` where the signal is given.
 */
export async function checkMaps(
  inspector: Inspector,
  photos: Tensor<'float32'>,
  make: MapMaker,
  options: ControlOptions = {},
): Promise<Controls> {
  const { stages = 5, runStages = stages, seed = 0, signal, onProgress, target = { kind: 'margin' } } = options;
  const examples = rowsOf(photos).map((row) => new Tensor<'float32'>(row, [1, ...photos.shape.slice(1)]));
  const [first] = examples;
  if (first === undefined || photos.shape.length !== 4) {
    throw new FoveaError('shape', { where: 'controls', rule: 'they take photos [n, h, w, c], at least one' });
  }
  const total = examples.length * (runStages + 2);
  let done = 0;
  const advance = (): void => {
    throwIfAborted('controls', signal);
    onProgress?.(++done, total);
  };
  const maps: Attribution[] = [];
  const falls: number[] = [];
  const correlations: number[] = [];
  for (const x of examples) {
    const map = await make(inspector, x, target);
    maps.push(map);
    advance();
    correlations.push(edgeCorrelation(map, x));
    // One number for each photo: the shares of one photo are not independent of each other.
    falls.push(mean(await fallDifferences(inspector, x, map, options)));
    advance();
  }
  const found = await cascade(inspector, examples, maps, make, { stages, runStages, seed, advance });
  const kept = found[0]?.correlation ?? 1;
  const weights = { passed: kept < WEIGHTS_LIMIT, value: kept, limit: WEIGHTS_LIMIT, stages: found };
  const edge = mean(correlations.map(Math.abs));
  const edges = { passed: edge < EDGES_LIMIT, value: edge, limit: EDGES_LIMIT };
  const chance = chanceOf(falls);
  const passed = weights.passed && edges.passed && chance.passed;
  const verdict = examples.length < LEAST_CONTROL_PHOTOS ? 'tooFew' : passed ? 'passed' : 'failed';
  return { photos: examples.length, weights, edges, chance, verdict };
}

/** From one difference for each photo. */
function chanceOf(falls: readonly number[]): Controls['chance'] {
  const difference = mean(falls);
  const limit = -CHANCE_LIMIT;
  if (falls.length < LEAST_CONTROL_PHOTOS) return { passed: false, limit, difference };
  const standardError = deviation(falls) / Math.sqrt(falls.length);
  const value = difference === 0 ? 0 : difference / Math.max(standardError, 1e-12);
  return { passed: value < limit, value, limit, difference };
}

interface Cascade {
  readonly stages: number;
  readonly runStages: number;
  readonly seed: number;
  readonly advance: () => void;
}

/** The maps of the network with more and more layers random, compared with the real ones. */
async function cascade(
  inspector: Inspector,
  examples: readonly Tensor<'float32'>[],
  maps: readonly Attribution[],
  make: MapMaker,
  { stages, runStages, seed, advance }: Cascade,
) {
  const model = await inspector.model.clone();
  const random = new Inspector(model, inspector.engine);
  const layers = layersFromTop(model);
  const found: { share: number; correlation: number }[] = [];
  let from = 0;
  for (let stage = 1; stage <= runStages; stage++) {
    const to = Math.max(Math.min(layers.length, stage), Math.round((stage * layers.length) / stages));
    await shuffleWeights(model, layers.slice(from, to), seed);
    from = to;
    const correlations: number[] = [];
    for (const [i, x] of examples.entries()) {
      const map = maps[i] as Attribution;
      const other = await make(random, x, fixedTarget(map.target));
      correlations.push(rankCorrelation(map.values.map(Math.abs), other.values.map(Math.abs)));
      advance();
    }
    found.push({ share: to / layers.length, correlation: mean(correlations) });
  }
  return found;
}

function edgeCorrelation(map: MapGrid, x: Tensor<'float32'>): number {
  const edges = edgeMap(x);
  const cells = meanCells(edges, map.height, map.width);
  const flat = map.values.every((value) => value === map.values[0]);
  // A map that says the same everywhere is no more than what it is compared with.
  return flat ? 1 : rankCorrelation(map.values.map(Math.abs), cells);
}

/** For each share that is taken away: by how much more the class's log probability falls with the map displaced, negated. */
async function fallDifferences(
  inspector: Inspector,
  x: Tensor<'float32'>,
  map: Attribution,
  options: ControlOptions,
): Promise<number[]> {
  const { displaced: count = 5, shares = [0.1, 0.3, 0.5, 0.7], seed = 0, batchSize = 8, signal } = options;
  const [, height, width] = x.shape as [number, number, number, number];
  const { target } = map;
  const watched: Target =
    target.kind === 'unit' ? fixedTarget(target) : { kind: 'logProbability', class: target.class };
  const grid = coveringGrid(map, height, width);
  const random = new RandomStream(seed, 'controls');
  const grids = [grid, ...Array.from({ length: count }, () => displaced(grid, random))];
  const masks = shares.flatMap((share) => grids.map((one) => topMask(one, height, width, share)));
  const values = await inBatches(masks, batchSize, signal, async (some) => {
    const data = new Float32Array(some.length * x.size);
    for (const [i, mask] of some.entries()) data.set(impute(x, mask, seed).data, i * x.size);
    const batch = new Tensor<'float32'>(data, [some.length, ...x.shape.slice(1)]);
    return [...(await inspector.targetValues(batch, watched))];
  });
  const flat = values.flat();
  return shares.map((_, i) => {
    const [own = 0, ...others] = flat.slice(i * grids.length, (i + 1) * grids.length);
    return own - mean(others);
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / Math.max(1, values.length - 1));
}
