import { augmentationFromConfig } from '../../data/augment/augmentationFromConfig.js';
import { augmentationQuestions } from '../../data/augment/questions.js';
import type { Engine } from '../../engines/engine.js';
import { advise } from '../../report/coach/advise.js';
import type { Step } from '../../report/coach/finding.js';
import { furtherSteps } from '../../report/coach/steps.js';
import { measure } from '../../report/measure.js';
import type { Predictions } from '../../report/predictions.js';
import { FoveaError } from '../../tensor/errors.js';
import { photoRemarks } from '../data/photoOptions.js';
import { withEngine } from '../engineOptions.js';
import { interruptedCode, SUCCESS } from '../exitCode.js';
import { count } from '../format.js';
import { photoModelTexts } from '../models/modelTexts.js';
import type { Terminal } from '../terminal.js';
import { version } from '../version.js';
import { finetuneWords } from './finetuneCommandLine.js';
import { finetuneEvidence } from './finetuneEvidence.js';
import { FinetuneFeatures } from './finetuneFeatures.js';
import { type FinetuneOptions, finetuneDefaults } from './finetuneOptions.js';
import { type FinetuneFacts, FinetuneReporter, type FinetuneResult } from './finetuneReporter.js';
import { writeResults } from './finetuneResults.js';
import { type Learned, learnInStages } from './finetuneStages.js';
import { beginFinetuning, continueFinetuning, type PreparedFinetuning } from './prepareFinetuning.js';
import { passesText } from './trainingPhotos.js';

/** What a finished run came to, for who goes on from there. */
export interface FinishedFinetuning {
  readonly result: FinetuneResult;
  readonly validation: Predictions;
  /** On the test photos, else on the validation photos. */
  readonly measured: Predictions;
  /** What is worth a try whatever the coach found. */
  readonly further: readonly Step[];
}

type ResultListener = (finished: FinishedFinetuning) => void;

/**
 * From a folder of photos to a model and a report; returns the exit code.
 *
 * @param path the photos; undefined where `options.resume` names a run.
 */
export async function finetuneRun(
  path: string | undefined,
  options: FinetuneOptions,
  terminal: Terminal,
  onResult: ResultListener = () => undefined,
): Promise<number> {
  const reporter = new FinetuneReporter(terminal, options.json ? 'json' : options.quiet ? 'quiet' : 'text');
  const stopping = (): void => {
    if (terminal.signal.reason !== 'EPIPE') reporter.stopping();
  };
  terminal.signal.addEventListener('abort', stopping, { once: true });
  try {
    const run = await prepare(path, options, reporter, terminal);
    try {
      return await withEngine(options, (engine) =>
        finetuneWith(engine, run, { ...options, onResult }, reporter, terminal),
      );
    } finally {
      await run.folder.removeIfEmpty();
    }
  } finally {
    terminal.signal.removeEventListener('abort', stopping);
    reporter.clear();
  }
}

function prepare(
  path: string | undefined,
  options: FinetuneOptions,
  reporter: FinetuneReporter,
  terminal: Terminal,
): Promise<PreparedFinetuning> {
  if (options.resume !== undefined) return continueFinetuning(options.resume, options, reporter, terminal);
  if (path !== undefined) return beginFinetuning(path, options, reporter, terminal);
  throw new FoveaError('option', {
    where: 'fovea finetune',
    rule: 'it needs photos: a folder with one sub-folder per class, or a list',
    received: 'none',
    remedy: 'Name one, or a run to go on with: --resume runs/…',
  });
}

async function finetuneWith(
  engine: Engine,
  run: PreparedFinetuning,
  {
    checkpointEvery = finetuneDefaults.checkpointEvery,
    onResult,
  }: FinetuneOptions & { readonly onResult: ResultListener },
  reporter: FinetuneReporter,
  terminal: Terminal,
): Promise<number> {
  const { folder, photos, began, model, base } = run;
  const { signal } = terminal;
  const facts = factsOf(run, engine);
  reporter.begin(facts);
  const { augment } = run.config.training;
  const { classNames } = photos.folder;
  const questions = augment === null ? [] : augmentationQuestions(augmentationFromConfig(augment), { classNames });
  for (const question of questions) reporter.message(question);
  const passes = passesText(run);
  if (passes !== undefined) reporter.message(passes);
  const seconds: Record<string, number> = { photos: (performance.now() - began) / 1000 };
  const features = new FinetuneFeatures(run, engine, signal, reporter);
  let known = 0;
  let stage: string | undefined;
  const save = async (): Promise<void> => {
    folder.keep();
    const texts = photoModelTexts(photos.folder.classNames, photos.folder.preprocessing);
    await folder.writeModel(model, { ...texts, fovea: version(), base: base.name });
  };
  let learned: Learned | undefined;
  try {
    learned = await learnInStages(run, {
      ...{ engine, signal, checkpointEvery, features, reporter, save },
      onStageEnd: (name, all) => {
        stage = name;
        seconds[name === 'head' ? 'new layer' : 'more layers'] = all - (features.seconds - known);
        known = features.seconds;
      },
    });
  } catch (error) {
    if (!(error instanceof FoveaError && error.code === 'aborted')) throw error;
  }
  const steps = learned?.steps ?? 0;
  if (steps > 0) await save();
  if (learned === undefined || learned.stopped === 'aborted') {
    const left = folder.isWorthKeeping;
    reporter.interrupted(
      left ? { run: folder.path, model: steps > 0 || stage !== undefined ? folder.model : undefined } : undefined,
    );
    return interruptedCode(terminal);
  }
  const part = photos.parts.test === undefined ? 'valid' : 'test';
  const data = photos.parts[part];
  const start = performance.now();
  const predictions = data === undefined ? undefined : await features.predictions(part, data);
  const measured =
    data === undefined || predictions === undefined
      ? undefined
      : ({ part, data, predictions, measure: measure(predictions) } as const);
  const evidence = await finetuneEvidence(run, learned.history, features);
  const advice = advise(evidence);
  const wholeNetworkDifference = data === undefined ? undefined : await features.difference(part, data);
  if (features.seconds > 0) seconds.features = features.seconds;
  seconds.measuring = (performance.now() - start) / 1000 - (features.seconds - known);
  seconds.all = (performance.now() - began) / 1000;
  const waiting = { seconds: photos.folder.waitedSeconds, of: seconds.all - (seconds.photos ?? 0) };
  const outcome = { run, facts, learned, measured, advice, wholeNetworkDifference, seconds, waiting };
  const result = await writeResults(outcome, terminal);
  reporter.end(result);
  if (predictions !== undefined && evidence.validation !== undefined) {
    const { validation, setup } = evidence;
    onResult({ result, validation, measured: predictions, further: furtherSteps(setup) });
  }
  return SUCCESS;
}

function factsOf({ config, base, photos, model, folder }: PreparedFinetuning, engine: Engine): FinetuneFacts {
  const { folder: path } = photos.choice;
  const { train, valid, test } = photos.parts;
  const { name, build, threads } = engine.description;
  const { total, trainable } = model.countParameters();
  return {
    ...{
      run: folder.path,
      photos: path,
      root: photos.folder.root,
      base: base.name,
      weights: base.weights,
      classes: photos.folder.classNames,
    },
    ...{ train: train.size, valid: valid?.size ?? 0, test: test?.size ?? 0 },
    command: finetuneWords(config),
    ...{
      leftOut: photos.folder.problems.length,
      remarks: photoRemarks(photos.folder),
      parameters: { total, trainable },
    },
    engine: `${name}, ${build}, ${count(threads, 'thread')}`,
  };
}
