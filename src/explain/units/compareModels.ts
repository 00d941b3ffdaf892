import type { Model } from '../../model/model.js';
import { sameShape } from '../../tensor/shape.js';
import type { TopPatches, UnitPatches } from './topPatches.js';
import type { UnitStatistics } from './unitStatistics.js';

/** How the weights of one layer differ between two networks. */
export interface WeightChange {
  readonly layer: string;
  readonly weight: string;
  /** ‖after − before‖ / ‖before‖; exactly 0 where nothing changed. */
  readonly relative: number;
}

/** How what a layer's units do differs between two networks, on the same photos. */
export interface LayerChange {
  readonly layer: string;
  /** Linear CKA of the units' means over each photo (Kornblith et al. 2019): 1 for the same up to rotation and scale. */
  readonly cka: number;
  /** Mean over the units of the share of top photos that both have (Jaccard). */
  readonly sharedPhotos: number;
}

/** One unit before and after. */
export interface UnitChange {
  readonly layer: string;
  readonly channel: number;
  readonly before: UnitPatches;
  readonly after: UnitPatches;
  /** Top photos that both have, of all that either has. */
  readonly jaccard: number;
}

/** A network, and what was seen of it on the photos that both are compared on. */
export interface SeenModel {
  readonly model: Model;
  readonly patches: TopPatches;
  readonly statistics: UnitStatistics;
}

/** Weights of two networks that have the same name and shape, in the order of the later one. */
export async function weightChanges(before: Model, after: Model): Promise<WeightChange[]> {
  const known = new Map(before.weights.map((weight) => [weight.path, weight.weight.variable]));
  const changes: WeightChange[] = [];
  for (const { layer, weight, path } of after.weights) {
    const old = known.get(path);
    if (old === undefined || !sameShape(old.shape, weight.variable.shape)) continue;
    const [a, b] = [await old.read(), await weight.variable.read()];
    let [difference, size] = [0, 0];
    for (let i = 0; i < a.length; i++) {
      difference += ((b[i] as number) - (a[i] as number)) ** 2;
      size += (a[i] as number) ** 2;
    }
    const relative = difference === 0 ? 0 : Math.sqrt(difference / size);
    changes.push({ layer: layer.name, weight: weight.name, relative });
  }
  return changes;
}

/** The layers that both networks have with as many units, and how much of what they do is left. */
export function layerChanges(before: SeenModel, after: SeenModel): LayerChange[] {
  return sharedLayers(before, after).map(({ layer, units }) => {
    const [a, b] = [before.statistics.layer(layer), after.statistics.layer(layer)];
    let shared = 0;
    for (let channel = 0; channel < units; channel++) shared += unitChange(before, after, layer, channel).jaccard;
    return { layer, cka: linearCka(a.photoMeans, b.photoMeans, a.photos), sharedPhotos: shared / units };
  });
}

/** One unit in both networks: its top photos, labels and distribution before and after. */
export function unitChange(before: SeenModel, after: SeenModel, layer: string, channel: number): UnitChange {
  const [a, b] = [before.patches.unit(layer, channel), after.patches.unit(layer, channel)];
  const names = new Set(a.top.map(({ name }) => name));
  const both = b.top.filter(({ name }) => names.has(name)).length;
  const either = a.top.length + b.top.length - both;
  return { layer, channel, before: a, after: b, jaccard: either === 0 ? 1 : both / either };
}

/**
 * Linear centered kernel alignment of two sets of features of the same `n` examples, [n, p] and [n, q]: 0 to 1; exactly 1 for
 * equal ones.
 */
export function linearCka(a: Float32Array, b: Float32Array, n: number): number {
  const [k, l] = [gram(a, n), gram(b, n)];
  const dot = (p: Float64Array, q: Float64Array): number => p.reduce((sum, x, i) => sum + x * (q[i] as number), 0);
  const size = Math.sqrt(dot(k, k) * dot(l, l));
  if (size > 0) return dot(k, l) / size;
  return a.length === b.length && a.every((x, i) => x === b[i]) ? 1 : 0;
}

function sharedLayers(before: SeenModel, after: SeenModel): { layer: string; units: number }[] {
  const known = new Set(before.patches.layers);
  return after.patches.layers.flatMap((layer) => {
    if (!known.has(layer) || !after.statistics.layers.includes(layer)) return [];
    const units = after.model.layerOutput(layer).shape.at(-1) as number;
    return before.model.layerOutput(layer).shape.at(-1) === units ? [{ layer, units }] : [];
  });
}

/** X Xᵀ of features whose mean over the examples was taken away. */
function gram(features: Float32Array, n: number): Float64Array {
  const width = features.length / n;
  const mean = new Float64Array(width);
  for (let i = 0; i < features.length; i++) mean[i % width] = (mean[i % width] as number) + (features[i] as number) / n;
  const centered = Float64Array.from(features, (x, i) => x - (mean[i % width] as number));
  const k = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      let sum = 0;
      for (let c = 0; c < width; c++) sum += (centered[i * width + c] as number) * (centered[j * width + c] as number);
      k[i * n + j] = sum;
      k[j * n + i] = sum;
    }
  }
  return k;
}
