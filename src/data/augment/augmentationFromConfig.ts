import { FoveaError } from '../../tensor/errors.js';
import { type Augmentation, type AugmentationConfig, augmentation } from './augmentation.js';
import { generatorFromConfig } from './imageDataGenerator.js';

/**
 * The augmentation whose `config()` this is. Throws `format` for anything else, `option` or `name` for settings that make no sense.
 */
export function augmentationFromConfig(config: unknown): Augmentation {
  if (typeof config === 'object' && config !== null) {
    const { type, ...rest } = config as Readonly<Record<string, unknown>>;
    if (type === 'transforms') return augmentation(rest as unknown as AugmentationConfig);
    if (type === 'imageDataGenerator') return generatorFromConfig(rest);
  }
  throw new FoveaError('format', {
    where: 'augmentation',
    rule: 'a configuration is an object whose type is "transforms" or "imageDataGenerator"',
    received: JSON.stringify(config)?.slice(0, 100) ?? 'nothing',
  });
}
