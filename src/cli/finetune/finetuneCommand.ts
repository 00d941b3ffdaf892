import type { Command } from 'commander';
import { addAugmentOption, presetsHelp } from '../augment/augmentOption.js';
import type { Outcome } from '../commandLine.js';
import { addDuplicatesOption, addPhotoOptions, PHOTOS_ARGUMENT } from '../data/photoOptions.js';
import { addEngineOptions } from '../engineOptions.js';
import { distance, minutes, oneOf, option, realNumber, wholeNumber } from '../optionValues.js';
import type { Terminal } from '../terminal.js';
import { checkResumeOptions } from '../train/resumeOptions.js';
import { coachedFinetuning } from './finetuneCoached.js';
import { type FinetuneOptions, finetuneDefaults } from './finetuneOptions.js';
import { finetuneRun } from './finetuneRun.js';

/** What a run may be continued with. */
const FREE = [
  ...[
    '--epochs',
    '--unfreeze',
    '--unfreeze-epochs',
    '--threads',
    '--engine',
    '--checkpoint-every',
    '--json',
    '--quiet',
  ],
];

/** `fovea finetune PHOTOS` */
export function addFinetuneCommand(program: Command, terminal: Terminal, outcome: Outcome): void {
  const { base, epochs, learningRate, batchSize, unfreezeEpochs, validation, seed } = finetuneDefaults;
  const command = program
    .command('finetune')
    .summary('make a classifier of your own photos from a trained network')
    .description(
      `Makes a classifier for photos from a network that has learned from a million others: its last layer is replaced and learns, the rest stays as it is. What the rest makes of each photo is computed once and kept. The result is measured on photos that nothing was learned from.`,
    )
    .argument('[photos]', PHOTOS_ARGUMENT)
    .addOption(option('--base <name>', 'a network (mobilenet, vgg16, resnet50 …), or a model file', String, base))
    .option('--weights <file>', "the network's weights (.safetensors, .h5, .keras, .pth), instead of the usual ones")
    .addOption(
      option('-e, --epochs <n>', 'times to go through the photos with the new layer', wholeNumber(), `${epochs}`),
    )
    .addOption(option('--learning-rate <n>', 'the highest, of one cycle', realNumber(), `${learningRate}`))
    .addOption(
      option('-b, --batch-size <n>', 'photos for one step', wholeNumber(), `${batchSize}; fewer of few photos`),
    )
    .addOption(
      option(
        '--passes <n>',
        'keep so many changed copies of each photo as features, instead of changing them anew in each epoch',
        wholeNumber(1, 100),
      ),
    )
    .addOption(option('--dropout <n>', 'rate before the new layer', realNumber({ included: true, below: 1 }), '0'))
    .addOption(option('--weight-decay <n>', 'how fast weights shrink (AdamW)', realNumber({ included: true }), '0'))
    .addOption(option('--class-weights <how>', 'balanced: rare classes count as much as others', oneOf(['balanced'])))
    .option('--unfreeze <layer>', 'then let this layer and all above learn too; "all" for every layer')
    .addOption(
      option('--unfreeze-epochs <n>', 'epochs for that', wholeNumber(), `${unfreezeEpochs}, where layers are unfrozen`),
    )
    .addOption(
      option(
        '--validation <n>',
        'share of the photos to measure on, where none are given for that',
        realNumber({ below: 1 }),
        `${validation}`,
      ),
    )
    .addOption(option('--seed <n>', 'of first weights, order and what is set aside', wholeNumber(0), `${seed}`))
    .option('--features <where>', 'where features are kept: memory, off, or a folder (default: the cache)')
    .addOption(
      option(
        '--coach <how>',
        "auto: take the coach's steps too, keep every run, show what each brought",
        oneOf(['auto']),
      ),
    )
    .addOption(option('--budget <time>', 'time for that: 10m, 1h, 90s', minutes(), '10m'))
    .option('--run <folder>', 'folder for the result (default: runs/<date>-<photos>-<base>)')
    .option('--resume <folder>', 'go on with a run that was stopped; only epochs and layers may be added')
    .addOption(option('--checkpoint-every <n>', 'time or steps between checkpoints: 30s, 2m, 500', distance(), '60s'))
    .option('--json', 'print one JSON object per line, for programs')
    .option('-q, --quiet', 'print the result alone');
  addAugmentOption(command, 'change the photos to learn from: a preset or transforms, see below');
  addDuplicatesOption(addPhotoOptions(command));
  addEngineOptions(command)
    .addHelpText(
      'after',
      `
Weights are looked for in the folder that FOVEA_WEIGHTS names, then in the
cache; else they are fetched, once. Ctrl-C keeps what is there: features that
are finished are found again by the next run, and --resume goes on, to the same
model bit for bit.

${presetsHelp()}

Examples:
  fovea finetune ~/photos
  fovea finetune ~/photos --base resnet50 --epochs 20
  fovea finetune ~/photos --augment photos --passes 5
  fovea finetune ~/photos --unfreeze all --unfreeze-epochs 3
  fovea finetune photos.csv --columns path=img,label=class --group driver
  fovea finetune ~/photos --weights mobilenet_v1_0.75_224-imagenet.safetensors
  fovea finetune --resume runs/2026-01-31-photos-mobilenet
  fovea finetune --resume runs/2026-01-31-photos-mobilenet --unfreeze all`,
    )
    .action(async (photos: string | undefined, options: FinetuneOptions) => {
      if (options.resume !== undefined) checkResumeOptions(command, FREE, 'the photos');
      outcome.exitCode = await (options.coach === 'auto' && photos !== undefined
        ? coachedFinetuning(photos, options, terminal)
        : finetuneRun(photos, options, terminal));
    });
}
