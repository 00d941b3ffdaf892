import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { saveModel } from '../../formats/modelFile.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { sequential } from '../../model/sequential.js';
import { RandomStream } from '../../tensor/random.js';

/** A picture of 24 × 20 pixels, mostly of one color, in JPEG. */
export async function drawPhoto(path: string, color: readonly [number, number, number], seed: number): Promise<void> {
  const random = new RandomStream(seed, basename(path));
  const pixels = Buffer.alloc(24 * 20 * 3);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = Math.max(0, Math.min(255, (color[i % 3] as number) + 60 * random.normal()));
  }
  await sharp(pixels, { raw: { width: 24, height: 20, channels: 3 } })
    .jpeg()
    .toFile(path);
}

/** Folders of the sky, which is blue, and of wood, which is brown. */
export async function drawPhotoClasses(into: string, perClass: number): Promise<void> {
  for (const [name, color] of [
    ['sky', [60, 90, 200]],
    ['wood', [150, 100, 50]],
  ] as const) {
    await mkdir(join(into, name), { recursive: true });
    for (let i = 0; i < perClass; i++) await drawPhoto(join(into, name, `${name}${i}.jpg`), color, i);
  }
}

/** A network that was "trained" on something else, with what its photos went through. */
export async function writeTinyBase(path: string): Promise<void> {
  const net = sequential(
    [
      conv2d({ filters: 8, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 3], name: 'conv' }),
      globalAveragePooling2d({ name: 'pool' }),
      dense({ units: 5, activation: 'softmax', name: 'old' }),
    ],
    { name: 'tiny' },
  );
  const preprocessing = {
    ...{ resize: { mode: 'squash', to: 8, interpolation: 'bilinear' }, crop: [8, 8], channelOrder: 'rgb' },
    ...{ range: [-1, 1], mean: [0, 0, 0], standardDeviation: [1, 1, 1] },
  };
  await writeFile(path, await saveModel(net, { preprocessing: JSON.stringify(preprocessing) }));
}
