import { findLearningRate } from '../../train/findLearningRate.js';
import { categoricalCrossentropy } from '../../train/losses/categoricalCrossentropy.js';
import { optimizerFrom } from '../../train/optimizers/optimizerFrom.js';
import { dataArguments } from '../data/dataSource.js';
import { withEngine } from '../engineOptions.js';
import { shellWord } from '../format.js';
import type { Terminal } from '../terminal.js';
import { curveText, rateText } from './learningRateText.js';
import type { RunDraft } from './prepareRun.js';
import { type TrainOptions, trainDefaults } from './trainOptions.js';

/** `fovea train --find-learning-rate`: tries learning rates and suggests one; keeps nothing. */
export async function searchLearningRate(
  { config, model, data }: RunDraft,
  options: TrainOptions,
  { stdout, signal, program }: Terminal,
): Promise<void> {
  const { optimizer, batchSize, seed, labelSmoothing } = config.training;
  const curve = await withEngine(options, (engine) =>
    findLearningRate(model, data.train, {
      loss: categoricalCrossentropy({ labelSmoothing }),
      optimizer: optimizerFrom(optimizer as { readonly type: string }),
      ...{ batchSize, seed, engine, signal },
    }),
  );
  const { points, suggestion } = curve;
  if (options.json) {
    stdout.write(`${JSON.stringify({ event: 'learningRates', suggestion: suggestion ?? null, points })}\n`);
    return;
  }
  for (const line of curveText(curve)) stdout.write(`${line}\n`);
  if (suggestion === undefined) {
    stdout.write('\nThe loss does not fall at any learning rate: check the data and the network.\n');
    return;
  }
  const words = ['train', ...dataArguments(config.data), '--model', options.model ?? trainDefaults.model];
  const command = [...words, '--learning-rate', rateText(suggestion)].map(shellWord).join(' ');
  stdout.write(`\nThe loss falls fastest near ${rateText(suggestion)}. Try\n  ${program} ${command}\n`);
}
