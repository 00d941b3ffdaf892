import type { RandomStream } from '../../tensor/random.js';
import type { Rectangle } from './canvasSteps.js';
import type { PictureSize } from './picture.js';
import type { Range } from './transformOptions.js';

export type Area = Pick<PictureSize, 'height' | 'width'>;

/** So often a part is drawn before the largest in the middle is taken. */
const ATTEMPTS = 10;

/**
 * A part of a picture with a random share of its area, a random shape (the logarithm of width ÷ height is uniform) and a random
 * place, in whole pixels. Where none fits in ten draws it is the largest in the middle with an allowed shape (torchvision).
 */
export function randomPart(random: RandomStream, { height, width }: Area, share: Range, ratio: Range): Rectangle {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const area = height * width * (share[0] + (share[1] - share[0]) * random.uniform());
    const shape = Math.exp(Math.log(ratio[0]) + Math.log(ratio[1] / ratio[0]) * random.uniform());
    const part = { width: Math.round(Math.sqrt(area * shape)), height: Math.round(Math.sqrt(area / shape)) };
    if (part.width < 1 || part.height < 1 || part.width > width || part.height > height) continue;
    return { ...part, x: random.below(width - part.width + 1), y: random.below(height - part.height + 1) };
  }
  const shape = Math.min(ratio[1], Math.max(ratio[0], width / height));
  const part = {
    width: Math.max(1, Math.min(width, Math.round(height * shape))),
    height: Math.max(1, Math.min(height, Math.round(width / shape))),
  };
  return { ...part, x: Math.floor((width - part.width) / 2), y: Math.floor((height - part.height) / 2) };
}
