import type { Dataset } from '../../data/dataset.js';
import type { PhotoDataset } from '../../data/photos/photoDataset.js';
import { subset } from '../../data/subset.js';
import type { Engine } from '../../engines/engine.js';
import type { JsonObject } from '../../layers/json.js';
import type { Model } from '../../model/model.js';
import { collectPredictions, type Predictions } from '../../report/predictions.js';
import { cacheFeatures, type FeatureProgress } from '../../train/features/cacheFeatures.js';
import type { FeatureStore } from '../../train/features/featureStore.js';
import type { FeatureOptions } from '../../train/features/fitOnFeatures.js';
import { splitModel } from '../../train/features/splitModel.js';
import { sampleIndices } from '../../train/fitOptions.js';
import { Predictor } from '../../train/predict.js';
import { featurePlace } from './featurePlace.js';
import type { PhotoPart } from './finetunePhotos.js';
import type { FinetuneReporter } from './finetuneReporter.js';
import type { LearnedFinetuning } from './prepareFinetuning.js';
import { trainingSource } from './trainingPhotos.js';

/** So many photos go through the whole network to see that it makes what its parts make. */
const COMPARED = 8;

/** What the frozen part of the network makes of the photos, computed once and used for training and measuring. */
export class FinetuneFeatures {
  readonly #run: LearnedFinetuning;
  readonly #engine: Engine;
  readonly #signal: AbortSignal;
  readonly #reporter: FinetuneReporter;
  readonly #store: FeatureStore | false;
  readonly #preprocessing: JsonObject;
  /** Time that computing them took so far. */
  seconds = 0;

  constructor(run: LearnedFinetuning, engine: Engine, signal: AbortSignal, reporter: FinetuneReporter) {
    this.#run = run;
    this.#engine = engine;
    this.#signal = signal;
    this.#reporter = reporter;
    this.#store = featurePlace(run.config.features ?? undefined);
    this.#preprocessing = JSON.parse(JSON.stringify(run.photos.folder.preprocessing)) as JsonObject;
  }

  /** For `fitOnFeatures`. */
  options(): FeatureOptions {
    const { valid } = this.#run.photos.choice.stamps;
    const train = trainingSource(this.#run);
    return {
      features: this.#store,
      preprocessing: this.#preprocessing,
      sources: { ...(train ? { training: train } : {}), ...(valid ? { validation: valid } : {}) },
      onMessage: (message) => this.#reporter.message(message),
      onFeatures: this.#progress(),
    };
  }

  get engine(): Engine {
    return this.#engine;
  }

  get signal(): AbortSignal {
    return this.#signal;
  }

  /** Features of a part with the layers that stand on them; undefined where none are kept. */
  async kept(part: PhotoPart, data: PhotoDataset): Promise<{ data: Dataset; head: Model } | undefined> {
    const split = this.#store === false ? undefined : splitModel(this.#run.model);
    if (split === undefined) return undefined;
    return { data: await this.#cached(part, data, split.frozen), head: split.head };
  }

  /** On features where there are any: what is above makes of them what the whole network makes of photos. */
  async predictions(part: PhotoPart, data: PhotoDataset): Promise<Predictions> {
    const options = { engine: this.#engine, signal: this.#signal, batchSize: 32 };
    const kept = await this.kept(part, data);
    if (kept === undefined) return collectPredictions(this.#run.model, data, options);
    return collectPredictions(kept.head, { ...kept.data, names: data.names }, options);
  }

  /** On training photos, as they are: all where features are kept, else a sample that is the same each time. */
  async trainingPredictions(most: number): Promise<Predictions> {
    const { train } = this.#run.photos.parts;
    if ((await this.kept('train', train)) !== undefined) return this.predictions('train', train);
    const indices = sampleIndices(train.size, most, this.#run.config.training.seed);
    const sample = { ...subset(train, indices), names: Array.from(indices, (i) => train.names[i] as string) };
    return collectPredictions(this.#run.model, sample, { engine: this.#engine, signal: this.#signal, batchSize: 32 });
  }

  /** The largest difference between the whole network on a few photos, and its upper part on features. */
  async difference(part: PhotoPart, data: PhotoDataset): Promise<number | undefined> {
    const { model } = this.#run;
    const split = this.#store === false ? undefined : splitModel(model);
    if (split === undefined) return undefined;
    const some = Uint32Array.from({ length: Math.min(COMPARED, data.size) }, (_, i) => i);
    const features = await this.#cached(part, data, split.frozen);
    const [{ x: photos }, { x }] = [await data.batch(some), await features.batch(some)];
    const whole = await new Predictor(model, this.#engine).predict(photos);
    const parts = await new Predictor(split.head, this.#engine).predict(x);
    return whole.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (parts.data[i] as number))), 0);
  }

  #cached(part: PhotoPart, data: PhotoDataset, frozen: Model) {
    const source = this.#run.photos.choice.stamps[part];
    const report = this.#progress();
    return cacheFeatures(frozen, data, {
      ...(this.#store === false ? {} : { store: this.#store }),
      ...(source ? { source } : {}),
      ...{ engine: this.#engine, signal: this.#signal, preprocessing: this.#preprocessing },
      onProgress: (progress) => report({ ...progress, part }),
    });
  }

  /** Reports how far features are, and adds up the time that they take. */
  #progress() {
    let last = performance.now();
    return (progress: FeatureProgress & { readonly part: string }): void => {
      const now = performance.now();
      if (progress.done > progress.found) this.seconds += (now - last) / 1000;
      last = now;
      this.#reporter.features(progress.part, progress);
    };
  }
}
