import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';

/** Layers with weights, by name, in groups from the lowest to the highest. */
export type LayerGroups = readonly (readonly string[])[];

/**
 * Parts the layers that have weights: the last is a group of its own, those below make equal groups.
 *
 * @param count number of groups. @default 3, as fastai
 */
export function layerGroups(model: Model, count = 3): LayerGroups {
  const names = model.layers.filter((layer) => layer.weights.length > 0).map((layer) => layer.name);
  if (!Number.isSafeInteger(count) || count < 1 || count > names.length) {
    throw new FoveaError('option', {
      where: 'layerGroups',
      rule: `count must be a whole number from 1 to the ${names.length} layers that have weights`,
      received: `${count}`,
    });
  }
  if (count === 1) return [names];
  const below = names.slice(0, -1);
  const groups = Array.from({ length: count - 1 }, (_, i) => {
    const bound = (part: number): number => Math.round((part * below.length) / (count - 1));
    return below.slice(bound(i), bound(i + 1));
  });
  return [...groups, names.slice(-1)];
}

/**
 * Factors of the learning rate for an optimizer's `learningRateMultipliers`: `lowest` for the lowest group, 1 for the
 * highest, between them in equal ratios, as fastai's slice(lr · lowest, lr).
 */
export function spreadRates(groups: LayerGroups, lowest = 0.01): Record<string, number> {
  if (!(lowest > 0 && lowest < Number.POSITIVE_INFINITY)) {
    const rule = 'lowest must be a number greater than 0';
    throw new FoveaError('option', { where: 'spreadRates', rule, received: `${lowest}` });
  }
  const last = groups.length - 1;
  return Object.fromEntries(
    groups.flatMap((names, i) => {
      const factor = last === 0 ? 1 : lowest ** ((last - i) / last);
      return names.map((name) => [name, factor] as const);
    }),
  );
}
