import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { saveModel } from '../../formats/modelFile.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { input } from '../../layers/input.js';
import { sequential } from '../../model/sequential.js';
import { RandomStream } from '../../tensor/random.js';
import { sharedData } from '../../testing/sharedData.js';
import { photoModelTexts } from '../models/modelTexts.js';
import { capture } from '../testing/captured.js';

const shared = sharedData();

let folder: string;
let model: string;
let photos: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-inspect-'));
  vi.stubEnv('FOVEA_CACHE', join(folder, 'cache'));
  model = join(folder, 'own.safetensors');
  photos = join(folder, 'photos');
  const net = sequential(
    [
      ...[input([12, 12, 3]), conv2d({ name: 'conv', filters: 3, kernelSize: 5, padding: 'same', activation: 'relu' })],
      ...[globalAveragePooling2d(), dense({ units: 2, activation: 'softmax' })],
    ],
    { name: 'own' },
  );
  const resize = { mode: 'squash', to: 12, interpolation: 'bilinear' } as const;
  const texts = photoModelTexts(['a', 'b'], {
    ...{ resize, crop: [12, 12], channelOrder: 'rgb', range: [0, 1], mean: [0, 0, 0], standardDeviation: [1, 1, 1] },
  });
  await writeFile(model, await saveModel(net, texts));
  const random = new RandomStream(1, 'photos');
  for (const name of ['a', 'b']) {
    await mkdir(join(photos, name), { recursive: true });
    for (let i = 0; i < 3; i++) {
      const pixels = Buffer.from(Uint8Array.from({ length: 40 * 30 * 3 }, () => random.below(256)));
      await sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } })
        .png()
        .toFile(join(photos, name, `${name}${i}.png`));
    }
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('fovea inspect', () => {
  test('writes a page, pictures and numbers, and says what it found', async () => {
    const out = join(folder, 'page');
    const {
      code,
      out: text,
      err,
    } = await capture([
      ...['inspect', model, '--photos', photos, '--compare', model, '--out', out, '--engine', 'reference'],
    ]);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(text).toContain('A unit of conv sees 5 × 5 pixels of 12 × 12');
    expect(text.replace(/\s+/g, ' ')).toContain('All weights that own has too are exactly as they were.');
    expect(text).toContain(join(out, 'index.html'));
    const files = await readdir(out);
    expect(files).toContain('filters-conv.png');
    expect(files).toContain('activations-conv.png');
    expect(files.filter((name) => /^unit-conv-\d\.png$/.test(name))).toHaveLength(3);
    expect(await readFile(join(out, 'index.html'), 'utf8')).toContain('Inside own');
    const numbers = JSON.parse(await readFile(join(out, 'inspection.json'), 'utf8')) as { photos: { count: number } };
    expect(numbers.photos.count).toBe(6);
  });

  test('--json, --quiet, photos without classes, and a network by its name without photos', async () => {
    const out = join(folder, 'json');
    const json = await capture([
      ...['inspect', model, '--photos', join(photos, 'a'), '--unit', '1', '--limit', '2', '-o', out, '--json'],
      ...['--engine', 'reference'],
    ]);
    expect(JSON.parse(json.out)).toMatchObject({
      event: 'inspection',
      model: 'own',
      photos: { count: 2 },
      units: [{ channel: 1 }],
    });
    const quiet = await capture(['inspect', 'cnn', '--quiet', '--out', join(folder, 'cnn'), '--engine', 'reference']);
    expect(quiet.out).toBe(`${join(folder, 'cnn', 'index.html')}\n`);
  });

  test('mistakes are told before anything is written', async () => {
    const out = join(folder, 'none');
    const layer = await capture(['inspect', model, '--layer', 'cnv', '--out', out, '--engine', 'reference']);
    expect(layer.code).toBe(2);
    expect(layer.err).toContain('Did you mean "conv"?');
    const alone = await capture(['inspect', model, '--optimize', '--out', out]);
    expect(alone.err).toContain('never alone');
    const unit = await capture(['inspect', model, '--unit', 'x', '--out', out]);
    expect(unit.err).toContain('units are numbered from 0');
    const noPreprocessing = await capture(['inspect', 'cnn', '--photos', photos, '--out', out]);
    expect(noPreprocessing.err).toContain('does not say what photos must go through');
    expect(existsSync(out)).toBe(false);
  });

  test('the real SqueezeNet and the first blocks of VGG16, on real photos', async (context) => {
    const cats = join(shared, 'images/cats-vs-dogs');
    const files = ['squeezenet1_1-imagenet', 'vgg16-imagenet-block1-block3_conv2'];
    const weights = files.map((name) => join(shared, `weights/${name}.safetensors`));
    const missing = [cats, ...weights].find((path) => !existsSync(path));
    if (missing !== undefined) return context.skip(`${missing} is not there`);
    const some = join(folder, 'cats-and-dogs');
    for (const name of ['cats', 'dogs']) {
      await mkdir(join(some, name), { recursive: true });
      const photos = (await readdir(join(cats, 'valid', name))).sort().slice(0, 1);
      for (const photo of photos) await copyFile(join(cats, 'valid', name, photo), join(some, name, photo));
    }
    const { err, out: text } = await capture([
      ...['inspect', 'squeezenet1_1', '--weights', weights[0] as string, '--photos', some, '--unit', '3'],
      ...['--layer', 'conv1', 'fire7_expand1x1', '--out', join(folder, 'squeezenet')],
    ]);
    expect(err).toBe('');
    expect(text.replace(/\s+/g, ' ')).toContain('A unit of conv1 sees 3 × 3 pixels of 224 × 224');
    expect(text).toContain('Unit 3 of fire7_expand1x1');
    expect(text).not.toMatch(/NaN|undefined/);
    const vgg = await capture([
      ...['inspect', 'vgg16', '--weights', weights[1] as string, '--out', join(folder, 'vgg')],
    ]);
    const said = vgg.out.replace(/\s+/g, ' ');
    expect(said).toContain('A unit of block3_conv2 sees 32 × 32 pixels of 224 × 224, 4 from one unit to the next.');
    expect(said).toContain('block1_conv1 has 64 filters with weights up to ±0.671');
  });
});
