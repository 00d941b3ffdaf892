import type { Inspection } from './inspection.js';

/** The numbers of an inspection as plain JSON: everything that sentences and tables say, without pixels and whole maps. */
export function inspectionJson(inspection: Inspection): object {
  const { banks, colorFilters, photo, activations, units, contributions, ...rest } = inspection;
  return {
    ...rest,
    drawnFilters: [
      ...new Set([...(colorFilters === undefined ? [] : [colorFilters]), ...banks].map(({ layer }) => layer)),
    ],
    ...(photo === undefined ? {} : { photo: photo.name }),
    activations: activations.map(({ values: _, ...layer }) => layer),
    units: units.map(({ patches, weaker, projections, optimized, ...unit }) => ({
      ...unit,
      patches: patches.map(({ pixels: _, ...patch }) => patch),
      projections: projections.map(({ rule, refused }) => ({ rule, ...(refused === undefined ? {} : { refused }) })),
      ...(optimized === undefined ? {} : { optimized: { value: optimized.value, method: optimized.method } }),
      weaker: weaker.map(({ quantile, patch: { pixels: _, ...patch } }) => ({ quantile, patch })),
    })),
    ...(contributions === undefined ? {} : { contributions: { ...contributions, values: [...contributions.values] } }),
  };
}
