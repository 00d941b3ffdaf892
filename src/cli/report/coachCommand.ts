import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { advise } from '../../report/coach/advise.js';
import type { Advice } from '../../report/coach/finding.js';
import type { RunEvidence } from '../../report/coach/runEvidence.js';
import { FoveaError } from '../../tensor/errors.js';
import { readCheckpoint } from '../../train/checkpointFormat.js';
import type { EpochRecord } from '../../train/history.js';
import { openData } from '../data/dataSource.js';
import { addEngineOptions, type EngineChoice, withEngine } from '../engineOptions.js';
import { finetuneWords } from '../finetune/finetuneCommandLine.js';
import { isFinetuneRun, readFinetuneConfig } from '../finetune/finetuneConfig.js';
import { finetuneEvidence } from '../finetune/finetuneEvidence.js';
import { FinetuneFeatures } from '../finetune/finetuneFeatures.js';
import { openFinetunePhotos } from '../finetune/finetunePhotos.js';
import { FinetuneReporter } from '../finetune/finetuneReporter.js';
import { openTrainedModel } from '../models/modelSource.js';
import { preprocessingFrom } from '../models/modelTexts.js';
import { option, realNumber } from '../optionValues.js';
import type { Terminal } from '../terminal.js';
import { readRunConfig } from '../train/runConfig.js';
import { RunFolder } from '../train/runFolder.js';
import { adviceLines, stepWords, withOptions } from './adviceText.js';
import { trainEvidence } from './trainEvidence.js';
import { trainWords } from './trainWords.js';

interface CoachOptions extends EngineChoice {
  readonly goal?: number;
  readonly json?: true;
}

/** `fovea coach RUN` */
export function addCoachCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('coach')
    .summary('say what is the matter with a run, and what to do next')
    .description(
      `Looks at a run of fovea train or fovea finetune and says one thing: whether its learning rate was wrong, it underfits or overfits, its data leaks, has wrong labels or is out of balance, there is too little validation data to tell, or it is fine. With the figures that speak for it, and the next step as a command.`,
    )
    .argument('<run>', 'the folder of a run')
    .addOption(
      option('--goal <share>', 'accuracy on training examples that is enough', realNumber({ below: 1 }), '0.95'),
    )
    .option('--json', 'print one JSON object');
  addEngineOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  fovea coach runs/2026-01-31-digits-cnn
  fovea coach runs/2026-01-31-photos-mobilenet --goal 0.99`,
    )
    .action((path: string, options: CoachOptions) => coach(path, options, terminal));
}

async function coach(path: string, options: CoachOptions, terminal: Terminal): Promise<void> {
  const isPhotos = await isFinetuneRun(path);
  await access(join(path, 'model.safetensors')).catch((cause: unknown) => {
    throw new FoveaError('file', {
      where: `run "${path}"`,
      rule: 'there is no model in it: nothing was learned yet',
      remedy: `Go on with it: ${terminal.program} ${isPhotos ? 'finetune' : 'train'} --resume ${path}`,
      cause,
    });
  });
  const { evidence, words } = await (isPhotos ? photoEvidence : dataEvidence)(path, options, terminal);
  const advice = advise({ ...evidence, goal: options.goal });
  const next = nextWords(advice, words);
  if (options.json) terminal.stdout.write(`${JSON.stringify({ event: 'coach', ...advice, next: next ?? null })}\n`);
  else for (const line of adviceLines(terminal, advice, next)) terminal.stdout.write(`${line}\n`);
}

/** The command that takes the next step; undefined where it is not for a command to do. */
export function nextWords({ steps }: Advice, words: readonly string[]): string[] | undefined {
  const options = stepWords(steps[0]);
  return options === undefined ? undefined : withOptions(words, options);
}

interface Found {
  readonly evidence: RunEvidence;
  /** The command that made the run. */
  readonly words: readonly string[];
}

async function photoEvidence(path: string, options: CoachOptions, terminal: Terminal): Promise<Found> {
  const reporter = new FinetuneReporter(terminal, 'quiet');
  const config = await readFinetuneConfig(path);
  const { model, metadata } = await openTrainedModel(path);
  const preprocessing = preprocessingFrom(metadata, path);
  if (preprocessing === undefined) {
    throw new FoveaError('format', {
      where: `model of the run "${path}"`,
      rule: 'it does not say how photos are read',
    });
  }
  const photos = await openFinetunePhotos(config.photos, {
    ...{ preprocessing, again: false, signal: terminal.signal },
    onProgress: (done, total) => reporter.checking(done, total),
  }).finally(() => reporter.clear());
  const run = { config, model, photos };
  const folder = new RunFolder(path, true);
  const head = await folder.readCheckpoint();
  const all =
    config.training.unfreeze === null ? undefined : await folder.readCheckpoint(folder.checkpointOfMoreLayers);
  const history = {
    ...(head === undefined ? {} : { head: epochsOf(head) }),
    ...(all === undefined ? {} : { all: epochsOf(all) }),
  };
  const evidence = await withEngine(options, (engine) =>
    finetuneEvidence(run, history, new FinetuneFeatures(run, engine, terminal.signal, reporter)),
  ).finally(() => reporter.clear());
  return { evidence, words: finetuneWords(run.config) };
}

async function dataEvidence(path: string, options: CoachOptions, terminal: Terminal): Promise<Found> {
  const config = await readRunConfig(path);
  const checkpoint = await new RunFolder(path, true).readCheckpoint();
  const { model } = await openTrainedModel(path);
  const data = await openData(config.data, terminal);
  const history = checkpoint === undefined ? [] : epochsOf(checkpoint);
  const evidence = await withEngine(options, (engine) =>
    trainEvidence({ config, model, data, history }, { engine, signal: terminal.signal }),
  );
  return { evidence, words: trainWords(config, data.train.size) };
}

function epochsOf(checkpoint: Uint8Array): readonly EpochRecord[] {
  return readCheckpoint(checkpoint).facts.history as readonly EpochRecord[];
}
