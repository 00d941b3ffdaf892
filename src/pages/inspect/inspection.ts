import type { PhotoDataset } from '../../data/photos/photoDataset.js';
import type { Engine } from '../../engines/engine.js';
import { type ReceptiveField, ReceptiveFields } from '../../explain/fields/receptiveField.js';
import { type ShiftTest, shiftTest } from '../../explain/fields/shiftTest.js';
import { type FilterBank, filterBanks, filterLayers } from '../../explain/filters/filterBank.js';
import { type FilterStatistics, filterStatistics } from '../../explain/filters/filterStatistics.js';
import { Inspector } from '../../explain/inspector.js';
import { explainNumber, type NumberExplanation } from '../../explain/number/explainNumber.js';
import { observeForward } from '../../explain/observeForward.js';
import {
  type ChannelContributions,
  channelContributions,
  type LayerActivations,
  layerActivations,
} from '../../explain/units/channelStatistics.js';
import {
  type LayerChange,
  layerChanges,
  type SeenModel,
  type UnitChange,
  unitChange,
  type WeightChange,
  weightChanges,
} from '../../explain/units/compareModels.js';
import { TopPatches } from '../../explain/units/topPatches.js';
import { unitLayers } from '../../explain/units/unitLayers.js';
import { type LayerHealth, UnitStatistics } from '../../explain/units/unitStatistics.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import type { Shape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { type InspectedUnit, inspectUnits, type OptimizeOptions } from './inspectUnits.js';

export interface InspectOptions {
  readonly photos?: PhotoDataset;
  /** Sets of photos, by name, that are copies of each other: each counts once. */
  readonly copies?: readonly (readonly string[])[];
  /** What the model's outputs are called. @default the classes of the photos, where there are as many */
  readonly classNames?: readonly string[];
  /** Layers to look into. @default four from the first to the last */
  readonly layers?: readonly string[];
  /** Units of those layers. @default in each the three that stand out most from their mean */
  readonly units?: readonly number[];
  /** The network that this one was made from. */
  readonly before?: Model;
  /** Also makes a picture that excites each of the units; takes long. @default none are made */
  readonly optimize?: OptimizeOptions;
  readonly engine: Engine;
  readonly signal?: AbortSignal;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** One layer of the table. */
export interface InspectedLayer {
  readonly name: string;
  readonly type: string;
  readonly shape: Shape;
  readonly field: ReceptiveField['field'];
  readonly filters?: FilterStatistics;
  readonly health?: LayerHealth;
}

/** A number of the network, explained through each layer that has a part in it. */
export interface InspectedNumber {
  readonly layers: readonly NumberExplanation[];
  /** What the network itself made of it. */
  readonly shown: number;
}

/** All that one look inside a network came to, as numbers. */
export interface Inspection {
  readonly model: string;
  readonly parameters: number;
  readonly inputShape: Shape;
  readonly layers: readonly InspectedLayer[];
  /** Filters that see colors, and those of the chosen layers. */
  readonly colorFilters?: FilterBank;
  readonly banks: readonly FilterBank[];
  readonly photos?: { readonly count: number; readonly classNames: readonly string[] };
  /** The photo that activations are shown of: the first one. */
  readonly photo?: { readonly name: string; readonly pixels: Uint8Array };
  readonly activations: readonly LayerActivations[];
  readonly contributions?: ChannelContributions & { readonly names: readonly [winner: string, over: string] };
  readonly shifts: readonly ShiftTest[];
  readonly number?: InspectedNumber;
  readonly units: readonly InspectedUnit[];
  readonly comparison?: {
    readonly with: string;
    readonly weights: readonly WeightChange[];
    readonly layers: readonly LayerChange[];
    readonly units: readonly UnitChange[];
  };
}

const LAYERS = 4;

/**
 * Looks inside a model: filters, receptive fields and, with photos, activations, what units look for, health, and what changed
 * since another model.
 *
 * @throws FoveaError `shape` where the photos do not fit the model, `name` for an unknown layer.
 */
export async function inspectModel(model: Model, options: InspectOptions): Promise<Inspection> {
  const { photos, engine, signal, before } = options;
  const fields = new ReceptiveFields(model);
  const chosen =
    options.layers ??
    spreadOver(
      unitLayers(model)
        .map(({ name }) => name)
        .filter(isSpatial(model)),
      LAYERS,
    );
  for (const layer of chosen) if (!isSpatial(model)(layer)) refuseLayer(model, layer);
  const statistics = await filterTable(model);
  const banks = await Promise.all(chosen.map(async (layer) => (await banksBehind(model, layer))[0]));
  const seen = photos === undefined ? undefined : await look(model, photos, chosen, options);
  const inspector = new Inspector(model, engine);
  const first = photos === undefined ? undefined : await firstPhoto(photos);
  const layers = fields.all().map(({ layer: name, shape, field }): InspectedLayer => {
    const health = seen?.statistics.layers.includes(name) === true ? seen.statistics.health(name) : undefined;
    const filters = statistics.get(name);
    return {
      ...{ name, type: model.layer(name).type, shape, field },
      ...(filters === undefined ? {} : { filters }),
      ...(health === undefined ? {} : { health }),
    };
  });
  const base = {
    ...{ model: model.name, parameters: model.countParameters().total, inputShape: model.inputShapes[0] as Shape },
    ...{ layers, banks: banks.filter((bank) => bank !== undefined) },
    ...(await colorBank(model)),
  };
  if (photos === undefined || seen === undefined || first === undefined) {
    return { ...base, activations: [], shifts: [], units: [] };
  }
  const usual = new Map(chosen.map((layer) => [layer, seen.statistics.usual(layer)]));
  const activations = await layerActivations(inspector, first.x, chosen, usual);
  const units = await inspectUnits(inspector, photos, seen, chosen, options);
  const step = 2 ** Math.min(5, Math.floor(Math.log2(Math.min(...first.x.shape.slice(1, 3)) / 4)));
  const contributions = await contributionsOf(inspector, first.x, chosen, options.classNames ?? photos.classNames);
  const comparison =
    before === undefined ? undefined : await compare(before, { model, ...seen }, photos, units, options);
  signal?.throwIfAborted();
  return {
    ...base,
    photos: { count: photos.size, classNames: photos.classNames },
    photo: { name: first.name, pixels: first.pixels },
    ...{ activations, units, shifts: await shiftTest(inspector, first.x, chosen, [step, step]) },
    number: await strongestNumber(model, inspector, first.x, chosen[0] as string),
    ...(contributions === undefined ? {} : { contributions }),
    ...(comparison === undefined ? {} : { comparison }),
  };
}

const isSpatial = (model: Model) => (layer: string) => model.layerOutput(layer).shape.length === 3;

function refuseLayer(model: Model, layer: string): never {
  throw new FoveaError('option', {
    where: model.layer(layer).where,
    rule: 'its output has no height and width, so there is no place in the photo to show',
    remedy: `Name one of: ${unitLayers(model)
      .map(({ name }) => name)
      .filter(isSpatial(model))
      .join(', ')
      .slice(0, 500)}`,
  });
}

/** So many names, evenly from the first to the last. */
function spreadOver(names: readonly string[], count: number): string[] {
  if (names.length <= count) return [...names];
  return Array.from({ length: count }, (_, i) => names[Math.round((i * (names.length - 1)) / (count - 1))] as string);
}

async function filterTable(model: Model): Promise<Map<string, FilterStatistics>> {
  const table = new Map<string, FilterStatistics>();
  for (const { name } of filterLayers(model)) {
    const [bank] = await filterBanks(model, name);
    if (bank !== undefined) table.set(name, filterStatistics(bank));
  }
  return table;
}

/** The filters of a layer, or of the nearest one before it that has some. */
async function banksBehind(model: Model, layer: string): Promise<FilterBank[]> {
  const withFilters = new Set(filterLayers(model));
  for (let node = model.layerOutput(layer); ; ) {
    if (withFilters.has(node.layer)) return filterBanks(model, node.layer.name);
    const [before] = node.inputs;
    if (before === undefined || node.inputs.length > 1) return [];
    node = before;
  }
}

async function colorBank(model: Model): Promise<{ colorFilters?: FilterBank }> {
  const [first] = filterLayers(model);
  if (first === undefined) return {};
  const [bank] = await filterBanks(model, first.name);
  return bank?.channels === 3 && bank.height * bank.width > 1 ? { colorFilters: bank } : {};
}

async function look(
  model: Model,
  photos: PhotoDataset,
  chosen: readonly string[],
  options: InspectOptions,
): Promise<Omit<SeenModel, 'model'>> {
  const { engine, signal, onProgress, copies = [] } = options;
  const setOf = new Map(copies.flatMap((set, i) => set.map((name) => [name, -1 - i] as const)));
  const groups = photos.names.map((name, i) => setOf.get(name) ?? i);
  const list = { names: photos.names, labels: photos.labels, classNames: photos.classNames };
  const known = chosen.filter((name) => model.layers.some((layer) => layer.name === name));
  const layers = [...new Set([...unitLayers(model).map(({ name }) => name), ...known])];
  const patches = new TopPatches(model, copies.length === 0 ? list : { ...list, groups }, { layers });
  const statistics = new UnitStatistics(model, layers);
  await observeForward(model, engine, photos, [patches, statistics], {
    signal,
    onProgress: (done, total) => onProgress?.(`looking through ${model.name}`, done, total),
  });
  return { patches, statistics };
}

async function firstPhoto(photos: PhotoDataset) {
  const [{ pixels }, { x }] = [await photos.photo(0), await photos.batch(Uint32Array.of(0))];
  return { name: photos.names[0] as string, pixels, x };
}

async function contributionsOf(
  inspector: Inspector,
  x: Tensor<'float32'>,
  layers: readonly string[],
  names: readonly string[],
) {
  let classes: number;
  try {
    classes = inspector.classes;
  } catch {
    return undefined; // the network gives features, not classes
  }
  // A layer with a channel for each class holds the scores themselves.
  const layer = layers.findLast((one) => inspector.shapeAt({ layer: one }).at(-1) !== classes);
  if (classes < 2 || layer === undefined) return undefined;
  const found = await channelContributions(inspector, x, layer);
  const known = names.length === classes;
  const name = (index: number | undefined): string => (known ? names[index ?? -1] : undefined) ?? `class ${index}`;
  return { ...found, names: [name(found.class), name(found.over)] as const };
}

/** The strongest value of a layer, explained down to the filters that it began with. */
async function strongestNumber(
  model: Model,
  inspector: Inspector,
  x: Tensor<'float32'>,
  layer: string,
): Promise<InspectedNumber> {
  const chain = [model.layerOutput(layer)];
  const withFilters = new Set(filterLayers(model));
  for (let [node] = chain; node !== undefined && !withFilters.has(node.layer) && node.inputs.length === 1; ) {
    const [before] = node.inputs;
    if (before === undefined || before.inputs.length === 0) break;
    chain.unshift(before);
    node = before;
  }
  const places = chain.map(({ inputs }) =>
    inputs.map(({ layer: one, inputs: more }) => (more.length === 0 ? 'input' : { layer: one.name })),
  );
  const [values] = (await inspector.forward(x, [{ layer }])) as [Tensor<'float32'>];
  let best = 0;
  for (const [i, value] of values.data.entries()) if (value > (values.data[best] as number)) best = i;
  const [, , w, c] = values.shape as [number, number, number, number];
  const at = [Math.floor(best / (w * c)), Math.floor(best / c) % w, best % c];
  const layers: NumberExplanation[] = [];
  for (const [i, node] of chain.entries()) {
    const inputs = await inspector.forward(x, places[i] as readonly ('input' | { layer: string })[]);
    const single = inputs.map(({ data, shape }) => new Tensor(data, shape.slice(1)));
    layers.push(await explainNumber(model, node.layer.name, single, at));
  }
  return { layers, shown: values.data[best] as number };
}

async function compare(
  before: Model,
  after: SeenModel,
  photos: PhotoDataset,
  units: readonly InspectedUnit[],
  options: InspectOptions,
): Promise<NonNullable<Inspection['comparison']>> {
  const known = { model: before, ...(await look(before, photos, after.patches.layers, options)) };
  const shared = layerChanges(known, after);
  const names = new Set(shared.map(({ layer }) => layer));
  return {
    with: before.name,
    weights: await weightChanges(before, after.model),
    layers: shared,
    units: units.flatMap(({ layer, channel }) => (names.has(layer) ? [unitChange(known, after, layer, channel)] : [])),
  };
}
