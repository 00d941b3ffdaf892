import type { PhotoDataset } from '../../data/photos/photoDataset.js';
import { PatchCutter, type PatchRegion } from '../../explain/fields/patchRegion.js';
import type { Inspector } from '../../explain/inspector.js';
import { project } from '../../explain/maps/gradients.js';
import { type MaximizedImage, maximizeUnit } from '../../explain/optimize/maximize.js';
import type { ColorRule } from '../../explain/optimize/networkColors.js';
import type { ReverseRule } from '../../explain/reverseRules.js';
import type { SeenModel } from '../../explain/units/compareModels.js';
import type { Patch, UnitPatches } from '../../explain/units/topPatches.js';
import type { UnitStatistics } from '../../explain/units/unitStatistics.js';
import { FoveaError } from '../../tensor/errors.js';
import type { Tensor } from '../../tensor/tensor.js';

/** How pictures are made that excite units. */
export interface OptimizeOptions {
  /** How colors reach the network. */
  readonly preprocessing: ColorRule;
  /** Steps for each picture. @default 128 */
  readonly steps?: number;
}

/** A patch with the pixels to show. */
export interface CutPatch extends Patch {
  readonly cut: PatchRegion;
  /** RGB of the region, 0 to 255. */
  readonly pixels: Uint8Array;
  /** What the unit makes of the photo at that place when it is run once more. */
  readonly again: number;
  /** Whether that is something else than was found: more than 0.001 of it away. The picture may then be of another photo. */
  readonly stale: boolean;
}

/** What the strongest places of a unit picked up of their photos, under one rule. */
export interface UnitProjection {
  readonly rule: ReverseRule;
  /** Why the rule cannot be used on this network; there are no patches then. */
  readonly refused?: string;
  /** For the first patches, the signal in their regions: [height, width, channels] in the network's order of channels. */
  readonly patches: readonly { readonly signal: Float32Array; readonly channels: number; readonly cut: PatchRegion }[];
}

/** A unit with the patches to show. */
export interface InspectedUnit extends UnitPatches {
  readonly patches: readonly CutPatch[];
  readonly weaker: readonly { readonly quantile: number; readonly patch: CutPatch }[];
  readonly projections: readonly UnitProjection[];
  /** A picture made to excite the unit, on all places evenly. */
  readonly optimized?: MaximizedImage;
}

const UNITS = 3;
/** Patches that are projected: each takes a run forward and back for each rule. */
const PROJECTED = 5;
const RULES: readonly ReverseRule[] = ['deconvnet', 'guided', 'gradient'];
const STALE = 1e-3;

interface UnitChoice {
  readonly units?: readonly number[];
  readonly optimize?: OptimizeOptions;
  readonly signal?: AbortSignal;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** The patches of each unit that is to be shown, cut from the photos and run once more, and what they project to. */
export async function inspectUnits(
  inspector: Inspector,
  photos: PhotoDataset,
  { patches, statistics }: Omit<SeenModel, 'model'>,
  layers: readonly string[],
  { units, optimize, signal, onProgress }: UnitChoice,
): Promise<InspectedUnit[]> {
  const cutter = new PatchCutter(inspector);
  const chosen = layers.flatMap((layer) => {
    const all = inspector.shapeAt({ layer }).at(-1) as number;
    const named = units?.filter((unit) => unit < all);
    return (named ?? outstanding(statistics, layer)).map((channel) => ({ layer, channel }));
  });
  const inspected: InspectedUnit[] = [];
  for (const { layer, channel } of chosen) {
    signal?.throwIfAborted();
    const unit = patches.unit(layer, channel);
    const largest = Math.abs(unit.top[0]?.value ?? 0);
    const cut = async (patch: Patch): Promise<CutPatch> => {
      const { x } = await photos.batch(Uint32Array.of(patch.photo));
      const again = await valueAgain(inspector, x, layer, channel, patch);
      const found = await cutter.region(x, layer, channel, [patch.y, patch.x]);
      const photo = await photos.photo(patch.photo);
      const allowed = Math.max(STALE * Math.abs(patch.value), 1e-5 * largest, 1e-6);
      const stale = !(Math.abs(again - patch.value) <= allowed);
      return { ...patch, cut: found, pixels: cropPixels(photo.pixels, photo.width, 3, found.region), again, stale };
    };
    const top: CutPatch[] = [];
    for (const patch of unit.top) top.push(await cut(patch));
    const weaker: { quantile: number; patch: CutPatch }[] = [];
    for (const { quantile, patch } of unit.spread) weaker.push({ quantile, patch: await cut(patch) });
    const projections = await projectPatches(inspector, photos, layer, channel, top.slice(0, PROJECTED));
    const optimized = optimize === undefined ? undefined : await optimizeUnit(layer, channel, optimize);
    inspected.push({
      ...{ ...unit, patches: top, weaker, projections },
      ...(optimized === undefined ? {} : { optimized }),
    });
    onProgress?.('cutting patches', inspected.length, chosen.length);
  }
  return inspected;

  function optimizeUnit(layer: string, channel: number, { preprocessing, steps = 128 }: OptimizeOptions) {
    const target = { kind: 'unit', place: { layer }, channel, at: 'mean' } as const;
    return maximizeUnit(inspector, target, {
      ...{ preprocessing, steps, signal },
      onProgress: (step) =>
        onProgress?.('making pictures', inspected.length * steps + step, Math.max(1, chosen.length) * steps),
    });
  }
}

async function valueAgain(
  inspector: Inspector,
  x: Tensor<'float32'>,
  layer: string,
  channel: number,
  { y, x: column }: Patch,
): Promise<number> {
  const [values] = (await inspector.forward(x, [{ layer }])) as [Tensor<'float32'>];
  const [, , w, c] = values.shape as [number, number, number, number];
  return values.data[(y * w + column) * c + channel] as number;
}

async function projectPatches(
  inspector: Inspector,
  photos: PhotoDataset,
  layer: string,
  channel: number,
  top: readonly CutPatch[],
): Promise<UnitProjection[]> {
  if (top.length === 0) return [];
  const projections: UnitProjection[] = [];
  for (const rule of RULES) {
    try {
      const patches: { signal: Float32Array; channels: number; cut: PatchRegion }[] = [];
      for (const { photo, y, x: column, cut } of top) {
        const { x } = await photos.batch(Uint32Array.of(photo));
        const target = { kind: 'unit', place: { layer }, channel, at: [y, column] } as const;
        const [found] = await project(inspector, x, { target, rule });
        if (found === undefined) continue;
        const { pixels, channels, width } = found;
        patches.push({ signal: cropPixels(pixels, width, channels, cut.region), channels, cut });
      }
      projections.push({ rule, patches });
    } catch (error) {
      // An op without such a rule: the other rules may still have one.
      if (!(error instanceof FoveaError) || error.code !== 'gradient') throw error;
      projections.push({ rule, refused: error.message, patches: [] });
    }
  }
  return projections;
}

/** The units whose largest value lies most standard deviations above their mean; dead ones have nothing to show. */
function outstanding(statistics: UnitStatistics, layer: string): number[] {
  const { mean, max, standardDeviation } = statistics.layer(layer);
  const score = (unit: number): number =>
    ((max[unit] as number) - (mean[unit] as number)) /
    ((standardDeviation[unit] as number) || Number.POSITIVE_INFINITY);
  return [...mean.keys()].sort((a, b) => score(b) - score(a) || a - b).slice(0, UNITS);
}

function cropPixels<T extends Uint8Array | Float32Array>(
  pixels: T,
  width: number,
  channels: number,
  region: PatchRegion['region'],
): T {
  const row = region.width * channels;
  const part = pixels.slice(0, region.height * row) as T;
  for (let y = 0; y < region.height; y++) {
    const from = ((region.top + y) * width + region.left) * channels;
    part.set(pixels.subarray(from, from + row), y * row);
  }
  return part;
}
