import { type Command, InvalidArgumentError } from 'commander';
import type { Augmentation } from '../../data/augment/augmentation.js';
import { augmentationFromConfig } from '../../data/augment/augmentationFromConfig.js';
import { augmented } from '../../data/augment/augmented.js';
import { augmentationFromText, augmentationPresets } from '../../data/augment/presets.js';
import { augmentationQuestions } from '../../data/augment/questions.js';
import type { Dataset } from '../../data/dataset.js';
import type { JsonObject } from '../../layers/json.js';
import { FoveaError } from '../../tensor/errors.js';
import { option } from '../optionValues.js';
import type { Terminal } from '../terminal.js';

/** Adds `--augment`. */
export function addAugmentOption(command: Command, description: string): Command {
  return command.addOption(option('--augment <what>', description, augmentationText));
}

/** For help texts: the presets, one a line. */
export function presetsHelp(): string {
  const lines = augmentationPresets.map(({ name, says }) => `  ${name.padEnd(8)} ${says}`);
  return `--augment takes a preset, or transforms with their strengths, "rotation=15,
flipHorizontal,brightness=0.3,mixup=0.2", or a configuration in JSON. Presets:
${lines.join('\n')}`;
}

/** The configuration that a text stands for; commander prints what is wrong with it. */
function augmentationText(text: string): JsonObject {
  try {
    return augmentationFromText(text).config() as JsonObject;
  } catch (error) {
    if (error instanceof FoveaError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

/** Training data with what its configuration says; the data itself where that says nothing. */
export function withAugmentation(train: Dataset, config: JsonObject | null, seed: number): Dataset {
  return config === null ? train : augmented(train, augmentationFromConfig(config), { seed });
}

/** Asks, on standard error, about what may be unwise. */
export function questionAugmentation(
  augmentation: Augmentation,
  classNames: readonly string[] | undefined,
  { stderr }: Pick<Terminal, 'stderr'>,
): void {
  for (const question of augmentationQuestions(augmentation, classNames === undefined ? {} : { classNames })) {
    stderr.write(`augmentation: ${question}\n`);
  }
}
