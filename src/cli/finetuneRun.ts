import { basename, join, resolve } from 'node:path';
import { type PhotoFolder, photoFolder } from '../data/node/photoFolder.js';
import { photoStamps } from '../data/node/photoStamps.js';
import type { PhotoDataset } from '../data/photos/photoDataset.js';
import type { Engine } from '../engines/engine.js';
import { writeFileAtomic } from '../formats/node/files.js';
import type { JsonObject } from '../layers/json.js';
import type { Model } from '../model/model.js';
import { FoveaError } from '../tensor/errors.js';
import { cacheFeatures } from '../train/features/cacheFeatures.js';
import type { FeatureStore } from '../train/features/featureStore.js';
import { fitOnFeatures } from '../train/features/fitOnFeatures.js';
import { splitModel } from '../train/features/splitModel.js';
import { fineTune } from '../train/finetune/fineTuneRecipe.js';
import { finetune } from '../train/finetune/finetune.js';
import type { FitResult } from '../train/fit.js';
import { adam } from '../train/optimizers/adam.js';
import { Predictor } from '../train/predict.js';
import { oneCycle } from '../train/schedules/oneCycle.js';
import { type BaseNetwork, openBase } from './baseNetwork.js';
import { withEngine } from './engineOptions.js';
import { interruptedCode, SUCCESS } from './exitCode.js';
import { featurePlace } from './featurePlace.js';
import { type FinetuneOptions, finetuneDefaults } from './finetuneOptions.js';
import { type FinetuneFacts, FinetuneReporter, type WorstMistake } from './finetuneReporter.js';
import { count } from './format.js';
import { type Measure, measure } from './measure.js';
import { photoModelTexts } from './modelTexts.js';
import { checkRoom, makeRunFolder, type RunFolder, usualRunFolder } from './runFolder.js';
import type { Terminal } from './terminal.js';
import { version } from './version.js';

/** So many of the surest mistakes are named. */
const WORST = 10;
/** At least so many steps are in an epoch, where there are as many photos and nothing else is asked for. */
const STEPS = 10;
/** So many photos go through the whole network to see that it makes what its parts make. */
const COMPARED = 8;

/** From a folder of photos to a model and a report; returns the exit code. */
export async function finetuneRun(path: string, options: FinetuneOptions, terminal: Terminal): Promise<number> {
  const reporter = new FinetuneReporter(terminal, options.json ? 'json' : options.quiet ? 'quiet' : 'text');
  const stopping = (): void => {
    if (terminal.signal.reason !== 'EPIPE') reporter.stopping();
  };
  terminal.signal.addEventListener('abort', stopping, { once: true });
  try {
    const run = await prepare(path, options, reporter, terminal);
    try {
      return await withEngine(options, (engine) => new Finetuning(run, options, engine, reporter, terminal).run());
    } finally {
      await run.folder.removeIfEmpty();
    }
  } finally {
    terminal.signal.removeEventListener('abort', stopping);
    reporter.clear();
  }
}

interface Prepared {
  readonly path: string;
  readonly base: BaseNetwork;
  readonly photos: PhotoFolder;
  readonly model: Model;
  readonly folder: RunFolder;
  readonly began: number;
}

async function prepare(
  path: string,
  options: FinetuneOptions,
  reporter: FinetuneReporter,
  terminal: Terminal,
): Promise<Prepared> {
  const began = performance.now();
  const { base: word, validation, seed, dropout } = { ...finetuneDefaults, ...options };
  const base = await openBase(word, options.weights, terminal);
  const photos = await photoFolder(path, {
    ...{ preprocessing: base.preprocessing, validation, seed },
    // The whole run must be able to read them again: pixels as bytes are a quarter of what the network takes.
    ...(options.unfreeze === undefined && options.unfreezeEpochs === undefined ? {} : { cache: 'memory' as const }),
    onProgress: (done, total) => reporter.checking(done, total),
  }).finally(() => reporter.clear());
  if (photos.classNames.length < 2) {
    throw new FoveaError('data', {
      where: `photos in "${path}"`,
      rule: 'there must be at least two classes, each in a folder of its own',
      received: count(photos.classNames.length, 'class', 'classes'),
    });
  }
  const features = base.features === undefined ? {} : { features: base.features };
  const model = finetune(base.model, photos.classNames.length, { ...features, dropout, seed });
  const usual = usualRunFolder(terminal.now(), basename(resolve(path)), base.name);
  const folder = await makeRunFolder(options.run ?? usual);
  await checkRoom(folder.path, 8 * model.countParameters().total + 2 ** 20);
  return { path, base, photos, model, folder, began };
}

class Finetuning {
  readonly #run: Prepared;
  readonly #options: FinetuneOptions &
    Required<Pick<FinetuneOptions, Exclude<keyof typeof finetuneDefaults, 'batchSize' | 'unfreezeEpochs'>>>;
  readonly #engine: Engine;
  readonly #reporter: FinetuneReporter;
  readonly #terminal: Terminal;
  readonly #store: FeatureStore | false;
  readonly #sources = new Map<PhotoDataset, string>();
  readonly #seconds: Record<string, number> = {};

  constructor(run: Prepared, options: FinetuneOptions, engine: Engine, reporter: FinetuneReporter, terminal: Terminal) {
    this.#run = run;
    this.#options = { ...finetuneDefaults, batchSize: undefined, unfreezeEpochs: undefined, ...options };
    this.#engine = engine;
    this.#reporter = reporter;
    this.#terminal = terminal;
    this.#store = featurePlace(options.features);
  }

  async run(): Promise<number> {
    const { photos, folder, path, began } = this.#run;
    const facts = this.#facts();
    this.#reporter.begin(facts);
    for (const data of [photos.train, photos.valid, photos.test]) {
      if (data !== undefined) this.#sources.set(data, await photoStamps(path, data.names));
    }
    this.#seconds.photos = (performance.now() - began) / 1000;
    let learned: FitResult | undefined;
    try {
      learned = await this.#learn();
    } catch (error) {
      if (!(error instanceof FoveaError && error.code === 'aborted')) throw error;
    }
    const steps = learned?.steps ?? 0;
    if (steps > 0) await this.#save();
    if (learned === undefined || learned.stopped === 'aborted') {
      this.#reporter.interrupted(steps > 0 ? folder.model : undefined);
      return interruptedCode(this.#terminal);
    }
    const part = photos.test === undefined ? 'valid' : 'test';
    const data = photos[part];
    const start = performance.now();
    const measured = data === undefined ? undefined : await this.#measure(part, data);
    this.#seconds.measuring = (performance.now() - start) / 1000;
    this.#seconds.all = (performance.now() - began) / 1000;
    const { wrong: _, ...numbers } = measured ?? { wrong: [] };
    const result = {
      ...facts,
      measuredOn: data === undefined ? undefined : part,
      measure: measured === undefined ? undefined : (numbers as Omit<Measure, 'wrong'>),
      worst: data === undefined || measured === undefined ? [] : worstOf(measured, data),
      wholeNetworkDifference: data === undefined ? undefined : await this.#difference(part, data),
      seconds: this.#seconds,
      model: folder.model,
    } as const;
    const problems = photos.problems.map(({ path: file, kind, message }) => ({ file, kind, message }));
    const report = { fovea: version(), options: this.#options, ...result, problems };
    await writeFileAtomic(join(folder.path, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`);
    this.#reporter.end(result);
    return SUCCESS;
  }

  /** The new layer first; then, where that is asked for, more layers. */
  async #learn(): Promise<FitResult> {
    const { photos, model } = this.#run;
    const { epochs, learningRate, seed, unfreeze, unfreezeEpochs } = this.#options;
    const start = performance.now();
    const common = (stage: 'head' | 'all') => ({
      metrics: ['accuracy'] as const,
      ...{ seed, engine: this.#engine, signal: this.#terminal.signal },
      batchSize: batchSizeFor(this.#options.batchSize, photos.train.size),
      ...(photos.valid === undefined ? {} : { validation: photos.valid }),
      ...this.#featureOptions(photos),
      callbacks: [
        {
          onBatchEnd: this.#reporter.step.bind(this.#reporter),
          onEpochEnd: (run: { readonly epochs: number }, record: Parameters<FinetuneReporter['epoch']>[2]) =>
            this.#reporter.epoch(stage, run.epochs, record),
        },
      ],
    });
    const optimizer = adam({ learningRate: oneCycle({ maxLearningRate: learningRate }) });
    const head = await fitOnFeatures(model, photos.train, {
      ...{ ...common('head'), loss: 'categoricalCrossentropy', epochs, optimizer },
    });
    const more = unfreeze ?? (unfreezeEpochs === undefined ? undefined : 'all');
    const forFeatures = this.#seconds.features ?? 0;
    this.#seconds['new layer'] = (performance.now() - start) / 1000 - forFeatures;
    if (head.stopped === 'aborted' || more === undefined) return head;
    await this.#save();
    const second = performance.now();
    const { all } = await fineTune(model, photos.train, {
      ...{
        ...common('all'),
        freezeEpochs: 0,
        epochs: unfreezeEpochs ?? finetuneDefaults.unfreezeEpochs,
        baseLearningRate: learningRate,
      },
      ...(more === 'all' ? {} : { unfreezeFrom: more }),
    });
    this.#seconds['more layers'] = (performance.now() - second) / 1000 - ((this.#seconds.features ?? 0) - forFeatures);
    return all as FitResult;
  }

  #featureOptions(photos: PhotoFolder) {
    const [training, validation] = [this.#sources.get(photos.train), photos.valid && this.#sources.get(photos.valid)];
    return {
      features: this.#store,
      preprocessing: this.#preprocessing,
      sources: {
        ...(training === undefined ? {} : { training }),
        ...(validation === undefined ? {} : { validation }),
      },
      onMessage: (message: string) => this.#reporter.message(message),
      onFeatures: this.#featureProgress(),
    };
  }

  /** Reports how far features are, and adds up the time that they take. */
  #featureProgress() {
    let last = performance.now();
    return (progress: {
      readonly part: string;
      readonly done: number;
      readonly size: number;
      readonly found: number;
    }) => {
      const now = performance.now();
      if (progress.done > progress.found) {
        this.#seconds.features = (this.#seconds.features ?? 0) + (now - last) / 1000;
      }
      last = now;
      this.#reporter.features(progress.part, progress);
    };
  }

  get #preprocessing(): JsonObject {
    return JSON.parse(JSON.stringify(this.#run.photos.preprocessing)) as JsonObject;
  }

  /** Measures on features where there are any: what is above makes of them what the whole network makes of photos. */
  async #measure(part: string, data: PhotoDataset): Promise<Measure> {
    const options = { engine: this.#engine, signal: this.#terminal.signal, batchSize: 32 };
    const split = this.#store === false ? undefined : splitModel(this.#run.model);
    if (split === undefined) return measure(this.#run.model, data, options);
    return measure(split.head, await this.#cached(part, data, split.frozen), options);
  }

  #cached(part: string, data: PhotoDataset, frozen: Model) {
    const source = this.#sources.get(data);
    const report = this.#featureProgress();
    return cacheFeatures(frozen, data, {
      ...(this.#store === false ? {} : { store: this.#store }),
      ...(source === undefined ? {} : { source }),
      ...{ engine: this.#engine, signal: this.#terminal.signal, preprocessing: this.#preprocessing },
      onProgress: (progress) => report({ ...progress, part }),
    });
  }

  /** Between the whole network on photos, and its upper part on features. */
  async #difference(part: string, data: PhotoDataset): Promise<number | undefined> {
    const split = this.#store === false ? undefined : splitModel(this.#run.model);
    if (split === undefined) return undefined;
    const some = Uint32Array.from({ length: Math.min(COMPARED, data.size) }, (_, i) => i);
    const features = await this.#cached(part, data, split.frozen);
    const [{ x: photos }, { x }] = [await data.batch(some), await features.batch(some)];
    const whole = await new Predictor(this.#run.model, this.#engine).predict(photos);
    const parts = await new Predictor(split.head, this.#engine).predict(x);
    return whole.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (parts.data[i] as number))), 0);
  }

  async #save(): Promise<void> {
    const { folder, model, photos, base } = this.#run;
    folder.keep();
    const texts = photoModelTexts(photos.classNames, photos.preprocessing);
    await folder.writeModel(model, { ...texts, fovea: version(), base: base.name });
  }

  #facts(): FinetuneFacts {
    const { path, base, photos, model } = this.#run;
    const { base: word, weights, unfreeze } = this.#options;
    const more = [
      ...(weights === undefined ? [] : ['--weights', weights]),
      ...(unfreeze === undefined ? [] : ['--unfreeze', unfreeze]),
    ];
    const { name, build, threads } = this.#engine.description;
    const { total, trainable } = model.countParameters();
    return {
      ...{ photos: path, base: base.name, weights: base.weights, classes: photos.classNames },
      ...{ train: photos.train.size, valid: photos.valid?.size ?? 0, test: photos.test?.size ?? 0 },
      command: ['finetune', path, '--base', word, ...more],
      ...{ leftOut: photos.problems.length, parameters: { total, trainable } },
      engine: `${name}, ${build}, ${count(threads, 'thread')}`,
    };
  }
}

/** Few photos make small batches: there must be steps enough in an epoch. */
function batchSizeFor(wanted: number | undefined, photos: number): number {
  return Math.min(wanted ?? Math.min(finetuneDefaults.batchSize, Math.ceil(photos / STEPS)), photos);
}

function worstOf({ wrong }: Measure, { names, classNames }: PhotoDataset): WorstMistake[] {
  const surest = [...wrong].sort((a, b) => b.output - a.output).slice(0, WORST);
  return surest.map(({ index, truth, predicted, output }) => ({
    photo: names[index] ?? `${index}`,
    truth: classNames[truth] ?? `${truth}`,
    predicted: classNames[predicted] ?? `${predicted}`,
    probability: output,
  }));
}
