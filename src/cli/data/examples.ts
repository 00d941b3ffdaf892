import { pixelDataset } from '../../data/pixelDataset.js';
import { readIdx } from '../../formats/idx.js';
import { readFileChecked } from '../../formats/node/files.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import type { ExampleSource } from '../measure/predictionWriter.js';

/** How files of pictures begin that people will try. */
const pictureKinds: readonly (readonly [name: string, ...start: number[]])[] = [
  ['PNG', 0x89, 0x50, 0x4e, 0x47],
  ['JPEG', 0xff, 0xd8, 0xff],
  ['GIF', 0x47, 0x49, 0x46],
  ['WebP', 0x52, 0x49, 0x46, 0x46],
  ['BMP', 0x42, 0x4d],
];

/** The pictures of an idx file, for a model. Throws where the file is of another kind, or the pictures do not fit. */
export async function readExamples(path: string, model: Model): Promise<ExampleSource> {
  const bytes = await readFileChecked(path, { maxBytes: 2 ** 30 });
  const kind = pictureKinds.find(([, ...start]) => start.every((byte, i) => bytes[i] === byte));
  if (kind !== undefined) {
    throw new FoveaError('format', {
      where: `file "${path}"`,
      rule: 'the model does not say what photos must go through before it sees them, so only idx files can be read',
      received: `a ${kind[0]} picture`,
      remedy:
        'Use a model that fovea finetune made, or put the pictures into an idx file: bytes [n, h, w], as MNIST has them',
    });
  }
  const { shape, data } = await readIdx(bytes, `file "${path}"`);
  const [inputShape = []] = model.inputShapes;
  const [n = 0, h = 0, w = 0, c = 1] = shape;
  if (shape.length < 3 || shape.length > 4 || n === 0 || !sameShape([h, w, c], inputShape)) {
    throw new FoveaError('shape', {
      where: `file "${path}"`,
      rule: `the model takes pictures ${formatShape(inputShape)}`,
      received: `${formatShape(shape)}${shape.length === 1 ? ', which look like labels' : ''}`,
      remedy: 'Use pictures of this size',
    });
  }
  // There are no labels to compare with.
  const { labels: _, ...examples } = pixelDataset({ pixels: data, shape: [n, h, w, c], labels: new Uint8Array(n) });
  return { name: path, examples };
}
