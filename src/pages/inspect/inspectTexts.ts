import { numberText } from '../../draw/numberText.js';
import type { ShiftTest } from '../../explain/fields/shiftTest.js';
import type { FilterStatistics } from '../../explain/filters/filterStatistics.js';
import type { NumberExplanation, NumberStep } from '../../explain/number/explainNumber.js';
import type { LayerActivations } from '../../explain/units/channelStatistics.js';
import type { UnitChange } from '../../explain/units/compareModels.js';
import type { UnitPatches } from '../../explain/units/topPatches.js';
import type { InspectedLayer, Inspection } from './inspection.js';
import type { InspectedUnit } from './inspectUnits.js';

const percent = (share: number): string => `${(100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`;
const some = (n: number, one: string, several = `${one}s`): string => `${n} ${n === 1 ? one : several}`;
const named = (numbers: readonly number[], most = 8): string =>
  numbers.length <= most
    ? numbers.join(', ')
    : `${numbers.slice(0, most).join(', ')} and ${numbers.length - most} more`;

/** What the filters of a layer are like, with the suspicious ones by number. */
export function filtersSentence({ layer, filters, scale, duplicates }: FilterStatistics): string {
  const dead = filters.filter((one) => one.dead).map(({ index }) => index);
  const noisy = filters.filter((one) => one.noisy).map(({ index }) => index);
  const judged = filters.some(({ highFrequency }) => highFrequency !== undefined);
  const parts = [
    dead.length === 0 ? 'none is dead' : `${some(dead.length, 'is', 'are')} dead (${named(dead)})`,
    duplicates === undefined
      ? 'there are too many to look for duplicates'
      : duplicates.length === 0
        ? 'no two are duplicates'
        : `${some(duplicates.length, 'pair is a duplicate', 'pairs are duplicates')}, such as ${duplicates[0]?.a} and ${duplicates[0]?.b} (cosine ${(duplicates[0]?.cosine ?? 0).toFixed(3)})`,
    ...(judged ? [noisy.length === 0 ? 'none is noise' : `${noisy.length} look like noise (${named(noisy)})`] : []),
  ];
  return `${layer} has ${some(filters.length, 'filter')} with weights up to ±${numberText(scale)}: ${parts.join(', ')}.`;
}

/** What a unit of a layer sees of the photo. */
export function fieldSentence(
  { name, field }: Pick<InspectedLayer, 'name' | 'field'>,
  [h, w]: readonly number[],
): string {
  if (field === 'whole') return `A unit of ${name} sees the whole photo.`;
  const { rows, columns } = field;
  const size = rows.size === columns.size ? `${rows.size} × ${rows.size}` : `${rows.size} × ${columns.size}`;
  const more =
    rows.size > (h ?? 0) || columns.size > (w ?? 0) ? `, more than the ${h} × ${w} that there are` : ` of ${h} × ${w}`;
  return `A unit of ${name} sees ${size} pixels${more}, ${numberText(rows.stride)} from one unit to the next.`;
}

/** What a layer makes of a photo. */
export function activationsSentence({ layer, shape, channels, min, max }: LayerActivations): string {
  const [h, w, c] = shape;
  const silent = channels.filter((one) => one.max <= 0).length;
  const [strongest] = [...channels].sort((a, b) => b.max - a.max);
  const [odd] = channels
    .filter(({ unusual }) => unusual !== undefined)
    .sort((a, b) => Math.abs(b.unusual as number) - Math.abs(a.unusual as number));
  const strange =
    odd === undefined
      ? ''
      : ` The most unusual is ${odd.channel}: its mean is ${Math.abs(odd.unusual as number).toFixed(1)} standard deviations ${(odd.unusual as number) < 0 ? 'below' : 'above'} what it is on all photos.`;
  return `${layer} makes ${some(c, 'map')} of ${h} × ${w}, from ${numberText(min)} to ${numberText(max)}; ${silent === 0 ? 'every channel answers' : `${some(silent, 'channel is', 'channels are')} silent`}. The strongest is channel ${strongest?.channel}, at row ${strongest?.y} and column ${strongest?.x}.${strange}`;
}

/** What a unit looks for, by data. */
export function unitSentence(unit: UnitPatches): string {
  const { layer, channel, top, distribution, labels, selectivity } = unit;
  const [best] = top;
  if (best === undefined) {
    return `Unit ${channel} of ${layer} is ${distribution.min < 0 ? 'at most 0' : '0'} on all ${distribution.photos} photos: it is dead on them, and there is nothing to show.`;
  }
  const ratio = distribution.median > 0 ? `, ${(best.value / distribution.median).toFixed(1)} times its median` : '';
  const counts = labels.map(({ name, count }) => `${name} ${count}`).join(', ');
  const [prefers] = selectivity;
  const preference =
    prefers === undefined
      ? labels.length === 0
        ? ''
        : ' It prefers no class beyond chance.'
      : ` It prefers ${prefers.name}: stronger there than elsewhere in ${percent(prefers.auc)} of pairs of photos (95 % interval ${percent(prefers.interval[0])} to ${percent(prefers.interval[1])}); it reaches half of its largest value on ${percent(prefers.fires)} of the ${prefers.photos} photos of ${prefers.name} and on ${percent(prefers.firesElsewhere)} of the others.`;
  const silent =
    distribution.silent === 0 ? '' : ` It is silent on ${distribution.silent} of ${distribution.photos} photos.`;
  return `Unit ${channel} of ${layer} is strongest on ${best.name}: ${numberText(best.value)}${ratio}.${counts === '' ? '' : ` Its ${top.length} strongest photos: ${counts}.`}${preference}${silent}`;
}

/** Patches that are not what was found, if there are any. */
export function staleSentences({ layer, channel, patches, weaker }: InspectedUnit): string[] {
  const shown = [...patches, ...weaker.map(({ patch }) => patch)];
  const stale = shown.filter((patch) => patch.stale);
  const [first] = stale;
  if (first === undefined) return [];
  return [
    `${stale.length} of the ${shown.length} patches of unit ${channel} of ${layer} are stale: run once more, ${first.name} gives ${numberText(first.again)} where ${numberText(first.value)} was found. The photos or the network changed meanwhile; look again.`,
  ];
}

const RULES = {
  deconvnet: 'deconvnet (Zeiler and Fergus: back through the switches of pooling, only positive signal)',
  guided: 'guided backpropagation (only positive signal, only through active units)',
  gradient: 'the plain gradient',
} as const;

/** What the projections of a unit are, and which rules its network does not have. */
export function projectionSentences({ layer, channel, projections }: InspectedUnit): string[] {
  const usable = projections.filter(({ refused }) => refused === undefined);
  if (projections.length === 0) return [];
  const rows = usable.map(({ rule }) => RULES[rule]).join('; ');
  return [
    ...(usable.length === 0
      ? []
      : [
          `What unit ${channel} of ${layer} picked up of its ${usable[0]?.patches.length} strongest patches, from its strongest place down to the pixels. From the top: the photo; ${rows}.`,
        ]),
    ...projections.flatMap(({ rule, refused }) =>
      refused === undefined ? [] : [`There is no row for ${rule}. ${refused}`],
    ),
  ];
}

/** What a picture made by optimization is, and is not. */
export function optimizedSentences({ layer, channel, optimized, top }: InspectedUnit): string[] {
  if (optimized === undefined) return [];
  return [
    `A picture for unit ${channel} of ${layer}, ${optimized.method}. The mean of the unit over it is ${numberText(optimized.value)}; its largest value in a photo is ${numberText(top[0]?.value ?? 0)}. It shows what can excite the unit, not what does so in photos: the patches say more about that.`,
  ];
}

/** Whether a layer moves along with the photo. */
export function shiftSentence({ layer, pixels, places, moved, stayed }: ShiftTest): string {
  const by = `Shifted by ${pixels[0]} pixels down and ${pixels[1]} to the right`;
  if (moved === undefined) {
    return Number.isInteger(places[0]) && Number.isInteger(places[1])
      ? `${by}, ${layer} cannot be compared: every unit sees a border.`
      : `${by}, ${layer} would have to move by ${numberText(places[0])} and ${numberText(places[1])} places: not a whole number.`;
  }
  return `${by}, the maps of ${layer} move by ${numberText(places[0])} and ${numberText(places[1])} places: the difference from an exact shift is ${percent(moved)} of their size, from not moving ${percent(stayed)}.`;
}

/** One step of a number, in words and numbers. */
function stepText(step: NumberStep): string {
  const value = numberText(step.value);
  if (step.kind === 'sum') {
    const products = step.terms.filter(({ weight }) => weight !== 1).length;
    if (products <= 1)
      return `${step.op}: ${step.terms.map(({ product }) => numberText(product)).join(' + ')} = ${value}`;
    const padding = step.padding === 0 ? '' : ` (${some(step.padding, 'place', 'places')} of the window lie outside)`;
    return `${step.op}: the sum of ${some(step.terms.length, 'product')}${padding} is ${value}`;
  }
  if (step.kind === 'batchNormalization') {
    const { gamma, beta, mean, variance, epsilon } = step.constants ?? {};
    const n = (x: number | undefined): string => numberText(x ?? Number.NaN);
    // Plus and minus with a positive number behind, whatever the sign is.
    const plus = (x = 0): string => (x < 0 ? `− ${numberText(-x)}` : `+ ${numberText(x)}`);
    return `batch normalization: ${n(gamma)} · (${n(step.terms[0]?.x)} ${plus(-(mean ?? 0))}) / √(${n(variance)} + ${n(epsilon)}) ${plus(beta)} = ${value}`;
  }
  return `${step.op}: ${step.terms
    .slice(0, 4)
    .map(({ x }) => numberText(x))
    .join(', ')}${step.terms.length > 4 ? ', …' : ''} becomes ${value}`;
}

/** Why a number is this number. */
export function numberSentence(layers: readonly NumberExplanation[], shown: number): string {
  const last = layers.at(-1);
  const steps = layers.flatMap(({ steps: own }) => own.map(stepText));
  return `The strongest value of ${last?.layer} on this photo is ${numberText(shown)}, of channel ${last?.at[2]} at row ${last?.at[0]} and column ${last?.at[1]}. ${steps.join('; ')}.`;
}

/** What the last of the chosen layers adds to the decision. */
export function contributionsSentence({
  values,
  sum,
  score,
  names,
  layer,
}: NonNullable<Inspection['contributions']>): string {
  const order = [...values.keys()].sort((a, b) => Math.abs(values[b] as number) - Math.abs(values[a] as number));
  const top = order.slice(0, 3).map((channel) => `${channel} (${numberText(values[channel] as number)})`);
  return `The margin of ${names[0]} over ${names[1]} is ${numberText(score)}. The channels of ${layer} add ${numberText(sum)} to it, most of all ${top.join(', ')}.`;
}

/** What the two networks have in common. */
export function comparisonSentences({
  with: name,
  weights,
  layers,
  units,
}: NonNullable<Inspection['comparison']>): string[] {
  const changed = weights.filter(({ relative }) => relative > 0);
  const same = new Set(weights.map(({ layer }) => layer));
  for (const { layer } of changed) same.delete(layer);
  // A bias that began at 0 has no share that it changed by.
  const [most] = changed.filter(({ relative }) => Number.isFinite(relative)).sort((a, b) => b.relative - a.relative);
  const [least] = [...layers].sort((a, b) => a.cka - b.cka);
  return [
    changed.length === 0
      ? `All weights that ${name} has too are exactly as they were.`
      : `Beside ${name}, ${some(same.size, 'layer has', 'layers have')} exactly the same weights${most === undefined ? '' : `; ${most.layer} changed most: its ${most.weight} by ${percent(most.relative)}`}.`,
    ...(least === undefined
      ? []
      : [
          `On these photos ${least.cka === 1 ? 'every shared layer answers exactly as before (CKA 1)' : `the layer whose answers changed most is ${least.layer}: CKA ${least.cka.toFixed(3)} (1 is unchanged), and its units share ${percent(least.sharedPhotos)} of their top photos`}.`,
        ]),
    ...units.map(unitChangeSentence),
  ];
}

function unitChangeSentence({ layer, channel, jaccard, before, after }: UnitChange): string {
  const text = ({ labels }: UnitPatches): string =>
    labels.map(({ name, count }) => `${name} ${count}`).join(', ') || 'no classes';
  if (jaccard === 1) return `Unit ${channel} of ${layer} has the same top photos as before.`;
  return `Unit ${channel} of ${layer} shares ${percent(jaccard)} of its top photos with before: ${text(before)} became ${text(after)}.`;
}

/** Layers with units that do not do their part. */
export function healthSentences(layers: readonly InspectedLayer[]): string[] {
  const measured = layers.flatMap(({ health }) => (health === undefined ? [] : [health]));
  if (measured.length === 0) return [];
  const total = (kind: 'dead' | 'saturated'): number => measured.reduce((sum, one) => sum + one[kind].length, 0);
  const units = measured.reduce((sum, one) => sum + one.units, 0);
  const pairs = measured.reduce((sum, one) => sum + one.duplicates.length, 0);
  const [worst] = [...measured].sort((a, b) => b.dead.length / b.units - a.dead.length / a.units);
  return [
    `Of ${units} units, ${some(total('dead'), 'is', 'are')} dead on these photos, ${total('saturated')} saturated, and ${some(pairs, 'pair answers', 'pairs answer')} alike (correlation over 0.99).`,
    ...(worst === undefined || worst.dead.length === 0
      ? []
      : [`Most dead units are in ${worst.layer}: ${worst.dead.length} of ${worst.units} (${named(worst.dead)}).`]),
  ];
}

/** Everything, a sentence for every picture: what a terminal prints. */
export function inspectionSentences(inspection: Inspection): { readonly about: string; readonly sentence: string }[] {
  const { layers, inputShape, activations, units, shifts, number, contributions, comparison, banks, colorFilters } =
    inspection;
  const about = (name: string) => (sentence: string) => ({ about: name, sentence });
  const drawn = new Set([colorFilters?.layer, ...banks.map(({ layer }) => layer)]);
  const filters = layers.filter(({ name, filters: own }) => own !== undefined && drawn.has(name));
  return [
    ...filters.map((layer) => filtersSentence(layer.filters as FilterStatistics)).map(about('filters')),
    ...filters.map((layer) => fieldSentence(layer, inputShape)).map(about('receptive fields')),
    ...activations.map(activationsSentence).map(about('activations')),
    ...units
      .flatMap((unit) => [
        ...[unitSentence(unit), ...staleSentences(unit)],
        ...[...projectionSentences(unit), ...optimizedSentences(unit)],
      ])
      .map(about('units')),
    ...healthSentences(layers).map(about('health')),
    ...(number === undefined ? [] : [about('number')(numberSentence(number.layers, number.shown))]),
    ...(contributions === undefined ? [] : [about('contributions')(contributionsSentence(contributions))]),
    ...shifts.map(shiftSentence).map(about('shift')),
    ...(comparison === undefined ? [] : comparisonSentences(comparison).map(about('before and after'))),
  ];
}
