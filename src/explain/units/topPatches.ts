import type { Layer } from '../../layers/layer.js';
import type { ForwardObserver, ObservedBatch } from '../../model/forwardObserver.js';
import type { Model } from '../../model/model.js';
import type { Value } from '../../ops/graph.js';
import { FoveaError } from '../../tensor/errors.js';
import { streamOf } from '../../tensor/random.js';
import type { TensorData } from '../../tensor/tensor.js';
import { type LabeledMaxima, type Selectivity, selectivities } from './selectivity.js';
import { UnitHeaps } from './unitHeaps.js';
import { unitLayers } from './unitLayers.js';

/** The photos that are looked at, by number. */
export interface PhotoList {
  /** What each photo is called: equal values are put in this order. */
  readonly names: readonly string[];
  /** Class of each photo. */
  readonly labels?: Int32Array;
  readonly classNames?: readonly string[];
  /** Photos of one group count as one and the same, as near duplicates do. @default by their pixels */
  readonly groups?: ArrayLike<number>;
}

export interface TopPatchesOptions {
  /** Names of the layers. @default those of {@link unitLayers} */
  readonly layers?: readonly string[];
  /** Patches that are kept for each unit. @default 9 */
  readonly top?: number;
  /** Photos that distributions and weaker examples are taken from; where there are more, as many of them. @default 1000 */
  readonly sample?: number;
}

/** Where a unit was at its strongest in one photo. */
export interface Patch {
  readonly photo: number;
  readonly name: string;
  readonly value: number;
  /** Row and column in the layer's output; 0 for a layer without places. */
  readonly y: number;
  readonly x: number;
}

/** What a unit looks for, by the photos that excite it. */
export interface UnitPatches {
  readonly layer: string;
  readonly channel: number;
  /**
   * One location of each photo, the strongest first; equal values by the photos' names. A photo on which the unit is 0 does not
   * excite it: the list ends before the first of them.
   */
  readonly top: readonly Patch[];
  /** The photo that excites it least. */
  readonly weakest: Patch | undefined;
  /**
   * Weaker examples, so that the unit is not judged by extremes: photos at these shares of the distribution of those that are not
   * among the strongest. Where there are few, no photo stands for two shares.
   */
  readonly spread: readonly { readonly quantile: number; readonly patch: Patch }[];
  /** The unit's maximum in each photo of the sample. */
  readonly distribution: {
    readonly photos: number;
    readonly min: number;
    readonly median: number;
    readonly mean: number;
    readonly max: number;
    /** Photos on which it is at most 0 everywhere. */
    readonly silent: number;
    /** Photos in each of equal steps from min to max. */
    readonly histogram: readonly number[];
  };
  /** How many of the top patches each class has, most first; only classes that have some. */
  readonly labels: readonly { readonly label: number; readonly name: string; readonly count: number }[];
  /** How well the unit's maximum tells each class from the others; only classes where it does, see {@link Selectivity}. */
  readonly selectivity: readonly Selectivity[];
}

const QUANTILES = [0.9, 0.75, 0.5, 0.25];
const BARS = 20;

interface Watched {
  readonly layer: Layer;
  /** Height, width and channels; 1 × 1 for a layer without places. */
  readonly shape: readonly [number, number, number];
  readonly heaps: UnitHeaps;
  /** Maxima and places of the sample's photos, in the order in which they came. */
  readonly rows: { readonly photo: number; readonly values: Float32Array; readonly places: Int32Array }[];
}

/**
 * Finds the photos and the places that excite each unit most, while a model is evaluated: pass it to `evaluate` as an
 * observer, or to {@link observeForward}. The maxima are found inside the plan, so that no activations are copied. What comes
 * out does not depend on the order of the photos.
 */
export class TopPatches implements ForwardObserver {
  readonly layers: readonly string[];
  readonly #photos: PhotoList;
  readonly #watched = new Map<string, Watched>();
  readonly #sample: ReadonlySet<number>;
  /** Order of photos whose values are equal: by name. */
  readonly #ranks: Int32Array;
  readonly #groups = new Map<string, number>();

  /** @throws FoveaError `name` for an unknown layer, `option` for numbers that are not whole and positive. */
  constructor(model: Model, photos: PhotoList, { layers, top = 9, sample = 1000 }: TopPatchesOptions = {}) {
    for (const [name, number] of Object.entries({ top, sample })) {
      if (Number.isSafeInteger(number) && number >= 1) continue;
      throw new FoveaError('option', {
        where: 'top patches',
        rule: `${name} must be a whole number of at least 1`,
        received: `${number}`,
      });
    }
    const chosen = layers === undefined ? unitLayers(model) : layers.map((name) => model.layer(name));
    this.#photos = photos;
    this.#ranks = ranksOf(photos.names);
    for (const layer of chosen) {
      const { shape } = model.layerOutput(layer.name);
      if (shape.length !== 3 && shape.length !== 1) continue;
      const places = (shape.length === 3 ? shape : [1, 1, ...shape]) as [number, number, number];
      this.#watched.set(layer.name, { layer, shape: places, heaps: new UnitHeaps(places[2], top), rows: [] });
    }
    this.layers = [...this.#watched.keys()];
    this.#sample = chooseSample(photos.names, sample);
  }

  onLayer(layer: Layer, value: Value, prefix: string): void {
    const watched = this.#watched.get(layer.name);
    if (watched === undefined) return;
    const { graph } = value;
    graph.scope('top patches', () => {
      if (value.shape.length !== 4) {
        graph.output(`${prefix}${layer.name}/value`, value);
        return;
      }
      const [h, w] = watched.shape;
      const window = { poolSize: [h, w], strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1] } as const;
      const [most, place] = graph.emit('maxPool', [value], window);
      graph.output(`${prefix}${layer.name}/value`, most);
      graph.output(`${prefix}${layer.name}/place`, place as Value);
    });
  }

  update({ indices, x, sampleWeights }: ObservedBatch, outputs: Readonly<Record<string, TensorData>>, prefix: string) {
    const width = x.size / indices.length;
    for (const [at, photo] of indices.entries()) {
      if (sampleWeights?.[at] === 0) continue;
      const name = this.#photos.names[photo];
      if (name === undefined) {
        throw new FoveaError('data', {
          where: 'top patches',
          rule: `there are names of ${this.#photos.names.length} photos`,
          received: `photo ${photo}`,
        });
      }
      const group = this.#groupOf(photo, x.data.subarray(at * width, (at + 1) * width));
      for (const watched of this.#watched.values()) {
        const c = watched.shape[2];
        const key = `${prefix}${watched.layer.name}`;
        const values = outputs[`${key}/value`] as Float32Array;
        // A switch is a pixel's number in the plane that was pooled.
        const places =
          (outputs[`${key}/place`] as Int32Array | undefined)?.slice(at * c, (at + 1) * c) ?? new Int32Array(c);
        const own = values.subarray(at * c, (at + 1) * c);
        watched.heaps.offer(photo, group, own, places, this.#ranks);
        if (this.#sample.has(photo)) watched.rows.push({ photo, values: own.slice(), places });
      }
    }
  }

  /** @throws FoveaError `name` for a layer that is not watched, `option` for a channel that it does not have. */
  unit(layer: string, channel: number): UnitPatches {
    const watched = this.#watched.get(layer);
    if (watched === undefined) {
      throw new FoveaError('name', {
        where: `layer "${layer}"`,
        rule: 'it is not among the layers whose patches were looked for',
        remedy: `They are: ${this.layers.join(', ').slice(0, 500)}`,
      });
    }
    const c = watched.shape[2];
    if (!Number.isInteger(channel) || channel < 0 || channel >= c) {
      throw new FoveaError('option', {
        where: `layer "${layer}"`,
        rule: `its units are numbered from 0 to ${c - 1}`,
        received: `${channel}`,
      });
    }
    const { names, labels, classNames } = this.#photos;
    const patch = ({ photo, value, place }: { photo: number; value: number; place: number }): Patch => {
      const w = watched.shape[1];
      return { photo, name: names[photo] as string, value, y: Math.floor(place / w), x: place % w };
    };
    const strongest = watched.heaps.top(channel);
    const silent = strongest.findIndex(({ value }) => value === 0);
    const top = strongest.slice(0, silent < 0 ? undefined : silent).map(patch);
    const weakest = watched.heaps.weakest(channel);
    const rows = watched.rows
      .map(({ photo, values, places }) => ({
        photo,
        value: values[channel] as number,
        place: places[channel] as number,
      }))
      .sort((a, b) => a.value - b.value || (this.#ranks[a.photo] as number) - (this.#ranks[b.photo] as number));
    const values = rows.map(({ value }) => value);
    const known: LabeledMaxima | undefined =
      labels === undefined
        ? undefined
        : { values, labels: rows.map(({ photo }) => labels[photo] as number), classNames: classNames ?? [] };
    const taken = new Set(top.map(({ photo }) => photo));
    const free = rows.filter(({ photo }) => !taken.has(photo));
    const at = QUANTILES.map((quantile) => Math.round(quantile * (free.length - 1)));
    return {
      ...{ layer, channel, top },
      weakest: weakest === undefined ? undefined : patch(weakest),
      spread: QUANTILES.flatMap((quantile, i) => {
        const chosen = free[at[i] as number];
        return chosen === undefined || at.indexOf(at[i] as number) < i ? [] : [{ quantile, patch: patch(chosen) }];
      }),
      distribution: distributionOf(values),
      labels: countLabels(top, labels, classNames),
      selectivity: known === undefined ? [] : selectivities(known),
    };
  }

  #groupOf(photo: number, pixels: Float32Array): number {
    const { groups } = this.#photos;
    if (groups !== undefined) return groups[photo] as number;
    const key = contentKey(pixels);
    const known = this.#groups.get(key) ?? this.#groups.size;
    this.#groups.set(key, known);
    return known;
  }
}

/** For each name its number in the order of all names; equal ones as they come. */
function ranksOf(names: readonly string[]): Int32Array {
  const order = names.map((_, i) => i);
  order.sort((a, b) => {
    const [p, q] = [names[a] as string, names[b] as string];
    return p < q ? -1 : Number(p > q) || a - b;
  });
  const ranks = new Int32Array(names.length);
  for (const [rank, i] of order.entries()) ranks[i] = rank;
  return ranks;
}

/** So many photos by the hash of their names: the same ones in whatever order they come. */
function chooseSample(names: readonly string[], size: number): ReadonlySet<number> {
  const all = names.map((name, i) => [streamOf(name) >>> 0, name, i] as const);
  all.sort(([p, a], [q, b]) => p - q || (a < b ? -1 : 1));
  return new Set(all.slice(0, size).map(([, , i]) => i));
}

/** Two hashes, of every other word of the pixels' bits: identical files have the same. */
function contentKey(pixels: Float32Array): string {
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length);
  let [a, b] = [0x811c9dc5, 0x9e3779b9];
  for (let i = 0; i < words.length; i += 2) {
    a = Math.imul(a ^ (words[i] as number), 0x01000193);
    b = Math.imul(b ^ (words[i + 1] as number), 0x85ebca6b);
    a ^= a >>> 15;
    b ^= b >>> 13;
  }
  return `${a >>> 0},${b >>> 0}`;
}

function distributionOf(sorted: readonly number[]): UnitPatches['distribution'] {
  const photos = sorted.length;
  const [min, max] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  const histogram = new Array<number>(BARS).fill(0);
  for (const value of sorted) {
    const bar = max === min ? 0 : Math.min(BARS - 1, Math.floor(((value - min) / (max - min)) * BARS));
    histogram[bar] = (histogram[bar] as number) + 1;
  }
  return {
    ...{ photos, min, max, histogram },
    median: sorted[Math.floor((photos - 1) / 2)] ?? 0,
    mean: sorted.reduce((sum, value) => sum + value, 0) / Math.max(1, photos),
    silent: sorted.filter((value) => value <= 0).length,
  };
}

function countLabels(
  top: readonly Patch[],
  labels: Int32Array | undefined,
  classNames: readonly string[] | undefined,
): UnitPatches['labels'] {
  if (labels === undefined) return [];
  const counts = new Map<number, number>();
  for (const { photo } of top) {
    const label = labels[photo] as number;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, p], [b, q]) => q - p || a - b)
    .map(([label, count]) => ({ label, name: classNames?.[label] ?? `${label}`, count }));
}
