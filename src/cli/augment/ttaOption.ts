import type { Option } from 'commander';
import { augmentationFromText } from '../../data/augment/presets.js';
import type { Dataset } from '../../data/dataset.js';
import type { JsonObject } from '../../layers/json.js';
import { FoveaError } from '../../tensor/errors.js';
import { option, wholeNumber } from '../optionValues.js';
import { withAugmentation } from './augmentOption.js';

/** `--tta`: test-time augmentation. */
export function ttaOption(): Option {
  return option('--tta <n>', 'mean over each picture as it is and n changed ones, see --augment', wholeNumber(1, 1000));
}

/** What `--augment` says beside `--tta`. */
export const TTA_AUGMENT = 'how --tta changes pictures (default: photos, or digits for pictures without color)';

/** The examples as `--tta` needs them: themselves, or augmented ones. */
export function drawnFrom(
  data: Dataset,
  { tta, augment }: { readonly tta?: number; readonly augment?: JsonObject },
): Dataset {
  if (tta === undefined && augment === undefined) return data;
  if (tta === undefined) {
    throw new FoveaError('option', {
      where: 'option --augment',
      rule: 'what is measured or predicted is changed only where that is asked for',
      remedy: 'Add --tta 8',
    });
  }
  const usual = data.inputShape[2] === 1 ? 'digits' : 'photos';
  return withAugmentation(data, augment ?? (augmentationFromText(usual).config() as JsonObject), 0);
}
