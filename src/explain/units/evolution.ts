import type { Dataset } from '../../data/dataset.js';
import type { Engine } from '../../engines/engine.js';
import type { Model } from '../../model/model.js';
import type { Tensor } from '../../tensor/tensor.js';
import { observeForward } from '../observeForward.js';
import { linearCka } from './compareModels.js';
import { type PhotoList, TopPatches, type UnitPatches } from './topPatches.js';
import { UnitStatistics } from './unitStatistics.js';

/** A unit to follow. */
export interface FollowedUnit {
  readonly layer: string;
  readonly channel: number;
}

/** What the followed units looked for at one moment of a run. */
export interface EvolutionSnapshot {
  /** Epochs that were done: 0 before the first step. */
  readonly epoch: number;
  /** In the order in which they were named. */
  readonly units: readonly UnitPatches[];
  readonly layers: readonly {
    readonly layer: string;
    /** ‖w − w₀‖ / ‖w₀‖ over all weights of the layer since the beginning of the run; exactly 0 for frozen ones. */
    readonly weightChange: number;
    /** Linear CKA with the snapshot before, and with the first one; exactly 1 where nothing changed. */
    readonly ckaToPrevious: number;
    readonly ckaToFirst: number;
  }[];
}

/** The part of a run that this needs: what `fit` gives its callbacks. */
interface Run {
  readonly model: Model;
  readonly engine: Engine;
}

/**
 * A callback for `fit` that looks at chosen units at the beginning and after each epoch, always on the same photos (at most a
 * few hundred: they go through the network once an epoch).
 */
export class UnitEvolution {
  readonly type = 'unitEvolution';
  readonly snapshots: EvolutionSnapshot[] = [];
  readonly #probe: Dataset;
  readonly #photos: PhotoList;
  readonly #units: readonly FollowedUnit[];
  #first: { weights: Map<string, Float32Array[]>; means: Map<string, Float32Array> } | undefined;
  #previous = new Map<string, Float32Array>();

  constructor(probe: Dataset, photos: PhotoList, units: readonly FollowedUnit[]) {
    this.#probe = probe;
    this.#photos = photos;
    this.#units = units;
  }

  async onTrainBegin(run: Run): Promise<void> {
    if (this.#first === undefined) await this.#look(run, 0);
  }

  /** @param record of `fit`, whose epochs are counted from 0. */
  async onEpochEnd(run: Run, record: { readonly epoch: number }): Promise<void> {
    await this.#look(run, record.epoch + 1);
  }

  async #look({ model, engine }: Run, epoch: number): Promise<void> {
    const layers = [...new Set(this.#units.map(({ layer }) => layer))];
    const patches = new TopPatches(model, this.#photos, { layers });
    const statistics = new UnitStatistics(model, layers);
    await observeForward(model, engine, this.#probe, [patches, statistics]);
    const means = new Map(layers.map((layer) => [layer, statistics.layer(layer).photoMeans]));
    const weights = new Map<string, Float32Array[]>();
    for (const layer of layers)
      weights.set(
        layer,
        (await sourceWeights(model, layer)).map(({ data }) => data),
      );
    this.#first ??= { weights, means };
    const first = this.#first;
    const cka = (layer: string, to: ReadonlyMap<string, Float32Array>): number => {
      const now = means.get(layer) as Float32Array;
      return linearCka(now, to.get(layer) ?? now, statistics.layer(layer).photos);
    };
    this.snapshots.push({
      epoch,
      units: this.#units.map(({ layer, channel }) => patches.unit(layer, channel)),
      layers: layers.map((layer) => ({
        layer,
        weightChange: relativeChange(first.weights.get(layer) ?? [], weights.get(layer) ?? []),
        ckaToPrevious: cka(layer, this.#previous),
        ckaToFirst: cka(layer, first.means),
      })),
    });
    this.#previous = means;
  }
}

/** The weights that make a unit: of its layer and, where that only finishes, of those before it down to the filters. */
async function sourceWeights(model: Model, layer: string): Promise<Tensor<'float32'>[]> {
  const found: Tensor<'float32'>[] = [];
  for (let nodes = [model.layerOutput(layer)]; nodes.length > 0; ) {
    for (const node of nodes) found.push(...(await node.layer.getWeights()));
    if (nodes.some((node) => node.layer.weights.some(({ name }) => /kernel/i.test(name)))) break;
    nodes = nodes.flatMap(({ inputs }) => inputs);
  }
  return found;
}

function relativeChange(before: readonly Float32Array[], after: readonly Float32Array[]): number {
  let [difference, size] = [0, 0];
  for (const [i, a] of before.entries()) {
    for (let j = 0; j < a.length; j++) {
      difference += ((after[i]?.[j] as number) - (a[j] as number)) ** 2;
      size += (a[j] as number) ** 2;
    }
  }
  return difference === 0 ? 0 : Math.sqrt(difference / size);
}
