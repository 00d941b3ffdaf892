import type { Command } from 'commander';
import type { JsonObject } from '../layers/json.js';
import { measure } from '../report/measure.js';
import { collectPredictions } from '../report/predictions.js';
import { addAugmentOption } from './augmentOption.js';
import { addDataOptions, checkFits, type DataOptions, dataFor } from './dataOptions.js';
import { openData } from './dataSource.js';
import { addEngineOptions, type EngineChoice, withEngine } from './engineOptions.js';
import { commas } from './format.js';
import { accuracyText, classTable, confusionTable, mixupText } from './measureText.js';
import { openTrainedModel } from './modelSource.js';
import { oneOf, option, wholeNumber } from './optionValues.js';
import { ProgressBar } from './progressBar.js';
import { paint, type Terminal } from './terminal.js';
import { drawnFrom, TTA_AUGMENT, ttaOption } from './ttaOption.js';

interface EvaluateOptions extends EngineChoice, DataOptions {
  readonly split?: 'test' | 'train';
  readonly batchSize?: number;
  readonly tta?: number;
  readonly augment?: JsonObject;
  readonly json?: true;
}

/** `fovea evaluate MODEL [data]` */
export function addEvaluateCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('evaluate')
    .summary('measure a trained model: accuracy, loss, each class, what is taken for what')
    .description(
      `Measures a trained model on data, in inference mode: loss, accuracy with its 95 % interval (Wilson), precision and recall of each class, and the confusion matrix.`,
    )
    .argument('<model>', 'a model file (.safetensors), or the folder of a run')
    .argument('[data]', 'digits, mnist, fashion-mnist, or a folder with idx files (default: what it was trained on)');
  addDataOptions(command)
    .addOption(option('--split <part>', 'which examples: test or train', oneOf(['test', 'train']), 'test'))
    .addOption(option('--batch-size <n>', 'examples at once', wholeNumber(), '128'))
    .addOption(ttaOption())
    .option('--json', 'print one JSON object');
  addAugmentOption(command, TTA_AUGMENT);
  addEngineOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  fovea evaluate runs/2026-01-31-digits-cnn
  fovea evaluate model.safetensors digits --test-size 10000
  fovea evaluate model.safetensors mnist --data-folder ~/data/mnist --json`,
    )
    .action((path: string, word: string | undefined, options: EvaluateOptions) =>
      evaluateModel(path, word, options, terminal),
    );
}

async function evaluateModel(path: string, word: string | undefined, options: EvaluateOptions, terminal: Terminal) {
  const { model, metadata, from } = await openTrainedModel(path);
  const choice = await dataFor(word, options, metadata);
  const opened = await openData(choice, terminal);
  const split = options.split ?? 'test';
  const data = opened[split];
  checkFits(model, data, opened.title);
  const bar = new ProgressBar(terminal.stderr);
  const predictions = await withEngine(options, (engine) =>
    collectPredictions(model, drawnFrom(data, options), {
      ...{ engine, batchSize: options.batchSize ?? 128, signal: terminal.signal, draws: options.tta ?? 0 },
      onProgress: (n) => bar.draw('evaluating', n / data.size, () => `${commas(n)} of ${commas(data.size)}`),
    }),
  ).finally(() => bar.clear());
  const result = measure(predictions);
  const { stdout } = terminal;
  if (options.json) {
    const { wrong, ...numbers } = result;
    stdout.write(`${JSON.stringify({ event: 'evaluation', model: from, data: choice, split, ...numbers, wrong })}\n`);
    return;
  }
  const mixups = mixupText(result);
  const lines = [
    paint(terminal, 'bold', `${from} on the ${split === 'test' ? 'test' : 'training'} examples of ${opened.title}`),
    accuracyText(result),
    '',
    ...classTable(result),
    '',
    'Rows are true classes, columns what they were taken for:',
    ...confusionTable(result),
    ...(mixups === '' ? [] : ['', `Most confused: ${mixups}`]),
  ];
  stdout.write(`${lines.join('\n')}\n`);
}
