import type { BatchSource, Dataset } from '../../data/dataset.js';
import { defaultEngine } from '../../engines/defaultEngine.js';
import type { JsonObject } from '../../layers/json.js';
import { costByLayer } from '../../model/cost.js';
import type { Model } from '../../model/model.js';
import { sizeOf } from '../../tensor/shape.js';
import { type FitResult, fit as fitModel } from '../fit.js';
import { checkFitOptions, type FitOptions } from '../fitOptions.js';
import { optimizerFrom } from '../optimizers/optimizerFrom.js';
import { cacheFeatures, type FeatureProgress } from './cacheFeatures.js';
import { type FeatureStore, memoryFeatures } from './featureStore.js';
import { type SplitModel, splitModel } from './splitModel.js';

/** How the features of a frozen lower part are computed once and kept. */
export interface FeatureOptions {
  /**
   * Where features are kept, or false to compute them in every step.
   * @default in memory, where they have at most 1 GiB; otherwise they are computed in every step
   */
  readonly features?: FeatureStore | false;
  /** Says which examples these are, for the key of a store that outlives the run. @default a hash of all their numbers */
  readonly sources?: { readonly training?: string; readonly validation?: string };
  /** What the examples went through before; part of the key. */
  readonly preprocessing?: JsonObject;
  /** Told, in a sentence, that features are computed once and what that saves, or why they are not. */
  readonly onMessage?: (message: string) => void;
  readonly onFeatures?: (progress: FeatureProgress & { readonly part: 'training' | 'validation' }) => void;
}

/** More than this is not kept in memory unless it is asked for. */
const MEMORY_LIMIT = 2 ** 30;

/**
 * Trains as `fit` does, to the same results up to rounding: where lower layers are frozen their output is computed once for
 * each example, and what is above trains on that. The layers that learn are the model's own, so that the whole model has
 * what was learned at every moment. Callbacks see the upper part as the run's model; layers that are frozen when the run
 * begins must stay so.
 *
 * Streams of batches and data without a frozen part below go through the whole network.
 */
export async function fitOnFeatures(
  model: Model,
  data: Dataset | BatchSource,
  options: FitOptions & FeatureOptions,
): Promise<FitResult> {
  const { features, sources, preprocessing, onMessage, onFeatures, ...fitOptions } = options;
  checkFitOptions(fitOptions);
  if (features === false) return fitModel(model, data, fitOptions);
  const split = splitModel(model);
  const { validation } = fitOptions;
  if (split === undefined || typeof data === 'function' || typeof validation === 'function') {
    return fitModel(model, data, fitOptions);
  }
  if (data.varies) {
    onMessage?.(
      `The photos differ from epoch to epoch, so the output of ${split.layer.where} is computed anew in each, although all up to there is frozen. A fixed number of augmented passes could be kept instead (augmentedPasses).`,
    );
    return fitModel(model, data, fitOptions);
  }
  const apart = typeof validation === 'object' ? validation : undefined;
  const examples = data.size + (apart?.size ?? 0);
  const bytes = 4 * sizeOf(split.head.inputShapes[0] ?? []) * examples;
  if (features === undefined && bytes > MEMORY_LIMIT) {
    onMessage?.(
      `The output of ${split.layer.where}, which is the same in every epoch, would take ${inMegabytes(bytes)} of memory, so that it is computed in every epoch. A store on disk would keep it.`,
    );
    return fitModel(model, data, fitOptions);
  }
  const store = features ?? memoryFeatures();
  onMessage?.(savingText(model, split, data, apart, bytes, store, fitOptions));
  const engine = fitOptions.engine ?? (await defaultEngine());
  const { signal } = fitOptions;
  const cache = (part: 'training' | 'validation', examplesOf: Dataset): Promise<Dataset> => {
    const source = sources?.[part];
    return cacheFeatures(split.frozen, examplesOf, {
      ...{ store, engine },
      ...(source === undefined ? {} : { source }),
      ...(preprocessing === undefined ? {} : { preprocessing }),
      ...(signal === undefined ? {} : { signal }),
      ...(onFeatures === undefined ? {} : { onProgress: (progress) => onFeatures({ ...progress, part }) }),
    });
  };
  const training = await cache('training', data);
  const withValidation = apart === undefined ? {} : { validation: await cache('validation', apart) };
  const optimizer = optimizerFrom(fitOptions.optimizer ?? 'adam');
  const multipliers = optimizer.learningRateMultipliers;
  if (multipliers !== undefined) {
    // Layers that are not there any more have no learning rate.
    const there = new Set(split.head.layers.map(({ name }) => name));
    optimizer.learningRateMultipliers = Object.fromEntries(Object.entries(multipliers).filter(([n]) => there.has(n)));
  }
  try {
    return await fitModel(split.head, training, { ...fitOptions, ...withValidation, optimizer, engine });
  } finally {
    optimizer.learningRateMultipliers = multipliers;
  }
}

function savingText(
  model: Model,
  { frozen, layer }: SplitModel,
  data: Dataset,
  validation: Dataset | undefined,
  bytes: number,
  store: FeatureStore,
  { epochs = 1 }: FitOptions,
): string {
  const flops = (part: Model): number => [...costByLayer(part, 1).values()].reduce((sum, cost) => sum + cost.flops, 0);
  const share = flops(frozen) / Math.max(1, flops(model));
  const examples = (data.size + (validation?.size ?? 0)).toLocaleString('en-US');
  return (
    `Everything up to ${layer.where} is frozen, so its output is computed once for each of ${examples} examples instead of in each of ${epochs} epochs: ` +
    `${(100 * Math.min(share, 0.9999)).toFixed(share > 0.99 ? 2 : 0)} % of the work of a prediction. ` +
    `It takes ${inMegabytes(bytes)} ${store.where}.`
  );
}

function inMegabytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
