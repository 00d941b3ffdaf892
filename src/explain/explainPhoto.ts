import { FoveaError } from '../tensor/errors.js';
import { sha256 } from '../tensor/sha256.js';
import type { Tensor } from '../tensor/tensor.js';
import { type Controls, checkMaps, type MapMaker } from './evidence/controls.js';
import { type CoverCheck, coverCheck } from './evidence/coverCheck.js';
import { type FillKind, fillOf } from './fill.js';
import type { Inspector } from './inspector.js';
import type { Attribution, AttributionMethod } from './maps/attribution.js';
import { type ClassMap, classMap } from './maps/classMap.js';
import { integratedGradients, type Projection, project, saliency, smoothGrad } from './maps/gradients.js';
import { type Occlusion, occlusion } from './maps/occlusion.js';
import type { LayerPlace } from './place.js';
import { hashWeights, type Provenance } from './provenance.js';
import type { Scores } from './scores.js';
import { lastSpatialPlace } from './spatialPlace.js';
import type { ScoreTarget, Target } from './target.js';

/** The methods that {@link explainPhoto} knows, the quickest first. */
export const explainMethods = [
  ...(['hiResCam', 'gradCam', 'layerCam', 'saliency', 'guided', 'deconvnet'] as const),
  ...(['smoothGrad', 'integratedGradients', 'occlusion'] as const),
] satisfies readonly AttributionMethod[];

export interface ExplainPhotoOptions {
  /** @default ['hiResCam', 'occlusion'] */
  readonly methods?: readonly AttributionMethod[];
  /** @default the likeliest class rather than the next */
  readonly class?: number | undefined;
  readonly over?: number | undefined;
  /** Where class maps are read. @default the last layer with height and width */
  readonly place?: LayerPlace | undefined;
  /** What covers. @default 'mean' */
  readonly fill?: FillKind;
  /** What integrated gradients compare the photo with. @default 'black' */
  readonly baseline?: FillKind;
  /** What black is to the network, a number for each channel. */
  readonly black?: readonly number[] | undefined;
  /** Results of controls that were computed before for these weights, or `false` for none. @default computes them */
  readonly controls?: ControlStore | false;
  /** Photos [n, h, w, c] to measure controls on; a single one says little. @default the photo itself */
  readonly controlPhotos?: Tensor<'float32'> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each step, before it begins, and how far it is. */
  readonly onProgress?: (step: string, share: number) => void;
}

/** Keeps the results of controls, which are those of a network and a method, not of a photo. */
export interface ControlStore {
  get(key: string): Promise<Controls | undefined>;
  put(key: string, controls: Controls): Promise<void>;
}

/** A map with what was found out about it. */
export interface ExplainedMap {
  readonly map: Attribution | ClassMap | Occlusion;
  readonly check: CoverCheck;
  readonly controls: Controls | undefined;
  /** For occlusion: what of the photo the watched channel picked up, by the deconvnet, or the gradient where that refuses. */
  readonly projection: Projection | undefined;
}

/** Why a photo was called what it was: everything that was computed, with what it was computed from. */
export interface Explanation {
  readonly scores: Scores;
  readonly class: number;
  readonly over: number;
  readonly margin: number;
  readonly maps: readonly ExplainedMap[];
  readonly provenance: Provenance;
}

/**
 * Explains one photo [1, h, w, c] by several methods: for each a map, what happens where the place that it points to is covered,
 * and whether maps of this method depend on this network at all.
 *
 * @throws FoveaError `gradient` where a method says nothing of a layer, `aborted` where the signal is given.
 */
export async function explainPhoto(
  inspector: Inspector,
  x: Tensor<'float32'>,
  options: ExplainPhotoOptions = {},
): Promise<Explanation> {
  const { methods = ['hiResCam', 'occlusion'], signal, onProgress } = options;
  const { values, targets } = await inspector.backward(x, {
    target: { kind: 'margin', class: options.class, over: options.over },
    to: ['logits'],
  });
  const [target] = targets as readonly [Extract<(typeof targets)[number], { kind: 'margin' }>];
  const [scores] = (await inspector.scores(x)) as [Scores];
  const weightsHash = await hashWeights(inspector.model);
  const place = options.place ?? placeOrNone(inspector);
  const maps: ExplainedMap[] = [];
  for (const method of methods) {
    onProgress?.(method, 0);
    const make = mapMaker(method, { ...options, place });
    const share = (from: number, part: number) => (done: number, total: number) =>
      onProgress?.(method, from + (part * done) / Math.max(1, total));
    const occluded =
      method === 'occlusion' ? await occludePhoto(inspector, x, target.class, options, share(0, 0.5)) : undefined;
    const map = occluded ?? (await make(inspector, x, target));
    onProgress?.(method, 0.5);
    const { fill = 'mean', black } = options;
    const check = await coverCheck(inspector, x, map, { class: target.class, fill, black, signal });
    onProgress?.(method, 0.6);
    // Occlusion is itself a measurement: what it says of the network cannot be said of another one.
    const controls =
      method === 'occlusion' || options.controls === false
        ? undefined
        : await controlsOf(inspector, x, method, make, target, weightsHash, options, share(0.6, 0.4));
    const projection = await projectUnit(inspector, x, occluded?.watched);
    maps.push({ map, check, controls, projection });
  }
  const { name, build } = inspector.engine.description;
  const provenance = {
    model: inspector.model.name,
    weightsHash,
    inputHash: await sha256(x.data),
    engine: `${name} (${build})`,
  };
  return { scores, class: target.class, over: target.over, margin: values[0] as number, maps, provenance };
}

/** How a map of each method is made, with its usual settings. */
export function mapMaker(
  method: AttributionMethod,
  {
    place,
    black,
    baseline = 'black',
    signal,
  }: Pick<ExplainPhotoOptions, 'place' | 'black' | 'baseline' | 'signal'> = {},
): MapMaker {
  return async (inspector, x, target) => {
    if (method === 'hiResCam' || method === 'gradCam' || method === 'layerCam') {
      return only(await classMap(inspector, x, { method, target, place }));
    }
    if (method === 'saliency') return only(await saliency(inspector, x, { target }));
    if (method === 'smoothGrad') return smoothGrad(inspector, x, { target, signal });
    if (method === 'integratedGradients') {
      const from = fillOf(x, baseline, black);
      return integratedGradients(inspector, x, { target, baseline: from, baselineName: baseline, signal });
    }
    if (method === 'occlusion') return occlusion(inspector, x, { class: (target as ScoreTarget).class, black, signal });
    return only(await project(inspector, x, { target, rule: method }));
  };
}

/** Occlusion with the strongest channel of the last layer with height and width watched beside the class. */
async function occludePhoto(
  inspector: Inspector,
  x: Tensor<'float32'>,
  index: number,
  options: ExplainPhotoOptions,
  progress: (done: number, total: number) => void,
): Promise<Occlusion> {
  const { fill = 'mean', black, signal } = options;
  const place = options.place ?? placeOrNone(inspector);
  const unit = place === undefined ? undefined : { place, channel: await strongestChannel(inspector, x, place) };
  return occlusion(inspector, x, {
    ...{ class: index, fill, black, signal, unit },
    onProgress: ({ done, total }) => progress(done, total),
  });
}

/** The channel where it is strongest, sent back to the photo. */
async function projectUnit(
  inspector: Inspector,
  x: Tensor<'float32'>,
  unit: { readonly place: LayerPlace; readonly channel: number } | undefined,
): Promise<Projection | undefined> {
  if (unit === undefined) return undefined;
  const target = { kind: 'unit', ...unit } as const;
  try {
    return only(await project(inspector, x, { target, rule: 'deconvnet' }));
  } catch (error) {
    if (!(error instanceof FoveaError) || error.code !== 'gradient') throw error;
    return only(await project(inspector, x, { target, rule: 'gradient' }));
  }
}

async function strongestChannel(inspector: Inspector, x: Tensor<'float32'>, place: LayerPlace): Promise<number> {
  const [values] = await inspector.forward(x, [place]);
  const channels = values?.shape.at(-1) ?? 1;
  const sums = new Float64Array(channels);
  for (const [i, value] of values?.data.entries() ?? []) sums[i % channels] = (sums[i % channels] as number) + value;
  return sums.indexOf(sums.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY));
}

async function controlsOf(
  inspector: Inspector,
  x: Tensor<'float32'>,
  method: AttributionMethod,
  make: MapMaker,
  target: Target,
  weightsHash: string,
  { controls: store, controlPhotos, place, baseline = 'black', signal }: ExplainPhotoOptions,
  onProgress: (done: number, total: number) => void,
): Promise<Controls> {
  const key = await sha256(
    JSON.stringify({
      ...{ version: 3, weightsHash, method, place: place ?? null, photos: await sha256((controlPhotos ?? x).data) },
      ...(method === 'integratedGradients' ? { baseline } : {}),
      ...(controlPhotos === undefined ? { target } : {}),
    }),
  );
  const known = store === undefined || store === false ? undefined : await store.get(key);
  if (known !== undefined) return known;
  const about = controlPhotos === undefined ? { target } : {};
  // Of methods that take a hundred passes for a map, the stage alone that decides.
  const stages = method === 'smoothGrad' || method === 'integratedGradients' ? { runStages: 1 } : {};
  const found = await checkMaps(inspector, controlPhotos ?? x, make, { ...about, ...stages, signal, onProgress });
  if (store !== undefined && store !== false) await store.put(key, found);
  return found;
}

function placeOrNone(inspector: Inspector): LayerPlace | undefined {
  try {
    return lastSpatialPlace(inspector.model);
  } catch {
    return undefined;
  }
}

function only<T>(maps: readonly T[]): T {
  return maps[0] as T;
}
