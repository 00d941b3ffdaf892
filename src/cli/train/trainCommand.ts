import type { Command } from 'commander';
import { addAugmentOption, presetsHelp } from '../augment/augmentOption.js';
import type { Outcome } from '../commandLine.js';
import { addDataOptions } from '../data/dataOptions.js';
import { addEngineOptions } from '../engineOptions.js';
import { distance, oneOf, option, realNumber, sizeOrShare, wholeNumber } from '../optionValues.js';
import type { Terminal } from '../terminal.js';
import { JsonReporter } from './jsonReporter.js';
import { searchLearningRate } from './learningRateSearch.js';
import { beginRun, continueRun, draftRun } from './prepareRun.js';
import { checkResumeOptions } from './resumeOptions.js';
import { TextReporter } from './textReporter.js';
import { OPTIMIZERS, SCHEDULES, type TrainOptions, trainDefaults } from './trainOptions.js';
import { trainRun } from './trainRun.js';

/** What a run may be continued with. */
const FREE = ['--epochs', '--threads', '--engine', '--checkpoint-every', '--recompute', '--json', '--quiet'];

/** `fovea train [data]` */
export function addTrainCommand(program: Command, terminal: Terminal, outcome: Outcome): void {
  const { epochs, batchSize, optimizer, schedule, seed, model, digits } = trainDefaults;
  const command = program
    .command('train')
    .summary('train a network')
    .description(
      `Trains a network to tell pictures apart, and measures it on test data that it has not seen. Everything is kept in a folder: configuration, log, checkpoint, model. The same command gives the same model, bit for bit, on any number of threads, also where it was interrupted: Ctrl-C saves, and --resume goes on.`,
    )
    .argument('[data]', 'digits (drawn, no files), mnist, fashion-mnist, or a folder with idx files', 'digits')
    .addOption(
      option(
        '-m, --model <name>',
        'linear, mlp, cnn, cnn-bn, a description (.json), or a model to go on from (.safetensors)',
        String,
        model,
      ),
    );
  addDataOptions(command);
  addAugmentOption(command, 'change the training pictures in each epoch: a preset or transforms, see below');
  command
    .addOption(
      option('--validation <n>', 'training examples to set aside, as a number or a share', sizeOrShare(), 'a twelfth'),
    )
    .addOption(option('-e, --epochs <n>', 'times to go through the data', wholeNumber(), `${epochs}`))
    .addOption(option('-b, --batch-size <n>', 'examples for one step', wholeNumber(), `${batchSize}`))
    .addOption(option('-o, --optimizer <name>', OPTIMIZERS.join(', '), oneOf(OPTIMIZERS), optimizer))
    .addOption(option('--learning-rate <n>', 'the highest learning rate', realNumber(), '0.01 for sgd, else 0.001'))
    .addOption(
      option('--schedule <name>', `learning rate over time: ${SCHEDULES.join(', ')}`, oneOf(SCHEDULES), schedule),
    )
    .addOption(option('--momentum <n>', 'of sgd and rmsprop', realNumber({ included: true, below: 1 }), '0'))
    .addOption(
      option('--weight-decay <n>', 'decoupled weight decay', realNumber({ included: true }), '0.004 for adamw, else 0'),
    )
    .addOption(option('--clip-norm <n>', 'most that the norm of all gradients together may be', realNumber()))
    .addOption(
      option(
        '--label-smoothing <n>',
        'share of a target for all classes alike',
        realNumber({ included: true, below: 1 }),
        '0',
      ),
    )
    .addOption(option('--early-stopping <n>', 'stop after so many epochs without progress', wholeNumber()))
    .addOption(option('--seed <n>', 'of first weights, order, dropout and drawn digits', wholeNumber(0), `${seed}`))
    .option('--recompute', 'take less memory and more time; the result is the same')
    .option('--find-learning-rate', 'try rising learning rates for a hundred steps, and suggest one')
    .option(
      '--run <folder>',
      'folder for the run; a number is added where it exists (default: runs/<date>-<data>-<model>)',
    )
    .option('--resume <folder>', 'go on with a run; only --epochs may change')
    .addOption(option('--checkpoint-every <n>', 'time or steps between checkpoints: 30s, 2m, 500', distance(), '30s'))
    .option('--json', 'print one JSON object per line, for programs')
    .option('-q, --quiet', 'print the result alone');
  addEngineOptions(command).addHelpText(
    'after',
    `
Without options: ${digits.train.toLocaleString('en-US')} digits to train on, ${digits.test.toLocaleString('en-US')} to test.
Schedules: step divides the learning rate by 10 after each third of the run;
exponential ends at a hundredth, cosine at zero; one-cycle rises for 30 %, then
falls. The model is that of the best epoch on the validation data; without such
data, that of the last epoch.

${presetsHelp()}

Examples:
  fovea train
      digits, with the lecture's network
  fovea train mnist --validation 5000
      MNIST, 55,000 pictures to learn from
  fovea train fashion-mnist --model cnn-bn --epochs 10 --early-stopping 2
  fovea train ~/data/letters --model net.json --run runs/letters
      a folder and a network of your own
  fovea train mnist --model cnn-bn --augment digits --epochs 7
  fovea train digits --model mlp --find-learning-rate
  fovea train --resume runs/2026-01-31-digits-cnn --epochs 6`,
  );
  command.action(async (word: string, options: TrainOptions) => {
    if (options.resume !== undefined) checkResumeOptions(command, FREE, 'the data');
    if (options.findLearningRate) return searchLearningRate(await draftRun(word, options, terminal), options, terminal);
    const reporter = options.json ? new JsonReporter(terminal) : new TextReporter(terminal, options.quiet ?? false);
    const run =
      options.resume === undefined
        ? await beginRun(await draftRun(word, options, terminal), options, terminal)
        : await continueRun(options.resume, options.epochs, terminal);
    const settings = { ...options, checkpointEvery: options.checkpointEvery ?? trainDefaults.checkpointEvery };
    outcome.exitCode = await trainRun(run, settings, reporter, terminal);
  });
}
