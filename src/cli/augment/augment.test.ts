import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { augmented } from '../../data/augment/augmented.js';
import { augmentationFromText } from '../../data/augment/presets.js';
import { photoFolder } from '../../data/node/photoFolder.js';
import type { Preprocessing } from '../../data/photos/preprocessing.js';
import { saveModel } from '../../formats/modelFile.js';
import { loadArray } from '../../formats/node/arrays.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { flatten } from '../../layers/flatten.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { sequential } from '../../model/sequential.js';
import { wilsonInterval } from '../../report/wilson.js';
import { RandomStream } from '../../tensor/random.js';
import { photoExamples } from '../data/photoExamples.js';
import { capture, events } from '../testing/captured.js';
import { fedVariants } from './augmentVariants.js';

let folder: string;
const at = (name: string): string => join(folder, name);
const reference = ['--engine', 'reference'];

const preprocessing: Preprocessing = {
  resize: { mode: 'squash', to: 12, interpolation: 'bilinear' },
  crop: [12, 12],
  channelOrder: 'bgr',
  range: [-1, 1],
  mean: [0, 0, 0],
  standardDeviation: [1, 1, 2],
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-augment-'));
  vi.stubEnv('FOVEA_CACHE', at('cache'));
  for (const [name, color] of [
    ['sky', [60, 90, 200]],
    ['wood', [150, 100, 50]],
  ] as const) {
    await mkdir(at(`photos/${name}`), { recursive: true });
    for (let i = 0; i < 10; i++) {
      const random = new RandomStream(i, name);
      const pixels = Buffer.from(
        Array.from({ length: 24 * 20 * 3 }, (_, k) =>
          Math.max(0, Math.min(255, (color[k % 3] as number) + 50 * random.normal())),
        ),
      );
      await sharp(pixels, { raw: { width: 24, height: 20, channels: 3 } })
        .png()
        .toFile(at(`photos/${name}/${name}${i}.png`));
    }
  }
  const net = sequential(
    [
      conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [12, 12, 3] }),
      globalAveragePooling2d({ name: 'pool' }),
      dense({ units: 2, activation: 'softmax' }),
    ],
    { name: 'tiny' },
  );
  const texts = { preprocessing: JSON.stringify(preprocessing), classNames: JSON.stringify(['sky', 'wood']) };
  await writeFile(at('tiny.safetensors'), await saveModel(net, texts));
  const digits = sequential([flatten({ inputShape: [28, 28, 1] }), dense({ units: 10, activation: 'softmax' })], {
    seed: 3,
  });
  const names = Array.from({ length: 10 }, (_, i) => `${i}`);
  await writeFile(at('digits.safetensors'), await saveModel(digits, { classNames: JSON.stringify(names) }));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe('fovea augment', () => {
  const photo = () => at('photos/sky/sky3.png');

  test('a sheet as picture and page, with what was drawn', async () => {
    const { code, out, err } = await capture([
      'augment',
      photo(),
      '--variants',
      '5',
      '--size',
      '32',
      '--out',
      at('sheet'),
    ]);
    expect([code, err]).toEqual([0, '']);
    expect(out.match(/^ {2}\d {2}\S/gm)).toHaveLength(5);
    expect(out).toMatch(/brightness ×\d\.\d\d/);
    const { width, height } = await sharp(at('sheet.png')).metadata();
    expect(width).toBeGreaterThan(500);
    expect(height).toBeGreaterThan(400);
    const page = await readFile(at('sheet.html'), 'utf8');
    expect(page.match(/<img /g)).toHaveLength(6);
    expect(page).toContain('Would you still give each of them the same label?');
    expect(page).not.toMatch(/src="(?!data:)/);
  });

  test('the same seed draws the same, another seed something else', async () => {
    const drawn = async (seed: string) =>
      (await capture(['augment', photo(), '--seed', seed, '--out', at('seeds'), '--variants', '3'])).out;
    expect(await drawn('4')).toBe(await drawn('4'));
    expect(await drawn('4')).not.toBe(await drawn('5'));
  });

  test('what is shown is what the loader feeds for that seed, to the bit', async () => {
    const augmentation = augmentationFromText('photos');
    const { train } = await photoFolder(at('photos'), { preprocessing, validation: 0 });
    const index = train.names.findIndex((name) => name.endsWith('sky3.png'));
    const loader = augmented(train, augmentation, { seed: 9 });
    const { examples } = await photoExamples([photo()], preprocessing);
    const shown = await fedVariants(examples, 0, augmentation, { seed: 9, index }, [undefined, 0, 1, 6]);
    for (const [i, epoch] of [undefined, 0, 1, 6].entries()) {
      const { x } = await loader.batch(Uint32Array.of(index), epoch);
      expect(shown[i]?.x).toEqual(x.data);
      // And the picture is what was normalized: the blue of its first pixel is the first number.
      const { picture } = shown[i] as (typeof shown)[number];
      expect(x.data[0]).toBeCloseTo(((picture.data[2] as number) / 255) * 2 - 1, 5);
    }
  });

  test('with a model: its prediction for each, flips marked, strengths swept', async () => {
    const args = ['augment', photo(), '--model', at('tiny.safetensors'), '--sweep', '--json', '--out', at('said')];
    const all = events(
      await capture([...args, '--augment', 'rotation=30,flipHorizontal,brightness=0.9', ...reference]),
    );
    const variants = all.filter(({ event }) => event === 'variant');
    expect(variants).toHaveLength(11);
    for (const { prediction } of variants)
      expect(['sky', 'wood']).toContain((prediction as { className: string }).className);
    const { sweep } = all.at(-1) as { sweep: { transform: string; points: { strength: number; flipped: number }[] }[] };
    expect(sweep.map(({ transform }) => transform)).toEqual(['rotation', 'brightness']);
    expect(sweep[0]?.points.map(({ strength }) => strength)).toEqual([0.5, 1, 1.5, 2, 3]);
    expect(await readFile(at('said.html'), 'utf8')).toContain('How strong may it be?');
  });

  test('a sweep over photos: accuracy at each strength with its interval, and from where on it is surely lower', async () => {
    const sweep = [
      'augment',
      '--sweep',
      '--augment',
      'rotation=90,flipVertical,brightness=0.3',
      '--json',
      ...reference,
    ];
    const words = ['train', 'digits', '--train-size', '1000', '--test-size', '60', '--model', 'mlp', '--epochs', '4'];
    expect((await capture([...words, '--quiet', '--run', at('trained')])).code).toBe(0);
    const all = events(await capture([...sweep, '--model', at('trained'), '--sample', '40', '--out', at('swept')]));
    const [rotation, flip, brightness] = all as {
      transform: string;
      sentence: string;
      points: {
        range: string;
        correct: number;
        examples: number;
        accuracy: number;
        interval: object;
        isLower: boolean;
      }[];
    }[];
    // A rotation cannot go further than around: ×2 is the strongest.
    expect(rotation?.points.map(({ range }) => range)).toEqual(
      ['45', '90', '135', '180'].map((degrees) => `degrees −${degrees} to ${degrees}`),
    );
    const strongest = rotation?.points.at(-1);
    expect([strongest?.isLower, strongest?.examples]).toEqual([true, 40]);
    expect(strongest?.interval).toEqual(wilsonInterval(strongest?.correct ?? 0, 40));
    expect(rotation?.sentence).toMatch(/^accuracy is surely lower from ×\S+ \(degrees −\d+ to \d+\) on: /);
    expect(flip?.points).toHaveLength(1);
    expect(brightness?.points).toHaveLength(5);
    expect(all.at(-1)).toMatchObject({ event: 'done', photos: 'test examples of digits', examples: 40 });
    const page = await readFile(at('swept.html'), 'utf8');
    expect(page).toContain('How strong may augmentation be?');
    expect(page.match(/<img /g)).toHaveLength(1 + 4 + 1 + 5);
    // The photos that are named, by their folders.
    const photos = await capture([
      ...sweep,
      '--model',
      at('tiny.safetensors'),
      '--photos',
      at('photos'),
      '--out',
      at('s2'),
    ]);
    expect(events(photos).at(-1)).toMatchObject({ photos: `photos of ${at('photos')}`, examples: 20 });
  });

  test('a training picture, and a question about what is unwise', async () => {
    const args = ['augment', '--data', 'digits', '--index', '6', '--augment', 'rotation=180', '--out', at('digit')];
    const { code, out } = await capture([...args, '--model', at('digits.safetensors'), ...reference]);
    expect(code).toBe(0);
    expect(out).toMatch(/Turned by 180°, a 6 is a 9/);
    expect(await readFile(at('digit.html'), 'utf8')).toContain('a 6 is a 9');
  });

  test.each<[string[], RegExp]>([
    [[], /name a photo, or data with --data/],
    [['missing.jpg'], /no such file/],
    [['photos/sky/sky0.png', '--augment', 'rotatoin'], /Did you mean "rotation"/],
    [['photos/sky/sky0.png', '--augment', 'zoom=7'], /two ends/],
    [['--data', 'digits', '--index', '99999999'], /training pictures, numbered from 0/],
    [['--sweep'], /a sweep over photos asks a model/],
    [['photos/sky/sky0.png', '--photos', 'photos'], /over one photo, or over those of --photos/],
  ])('%j is an error', async (args, message) => {
    const [first, ...rest] = args;
    const path = first?.includes('photos/') ? [at(first), ...rest] : args;
    const { code, err } = await capture(['augment', ...path, '--out', at('never')]);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    expect(existsSync(at('never.png'))).toBe(false);
  });
});

describe('training with augmentation', () => {
  const finetune = (name: string, ...more: string[]): string[] => [
    ...['finetune', at('photos'), '--base', at('tiny.safetensors'), '--run', at(name), '--epochs', '3'],
    ...['--learning-rate', '0.05', '--validation', '0.2', ...reference, ...more],
  ];
  const model = (name: string): Promise<Buffer> => readFile(at(`${name}/model.safetensors`));

  test('fovea finetune: anew in each epoch, and the same bytes again after an interruption', async () => {
    const whole = await capture(finetune('anew', '--augment', 'photos'));
    expect([whole.code, whole.err]).toEqual([0, '']);
    expect(whole.out).toContain('differ from epoch to epoch');
    const controller = new AbortController();
    const onWrite = (text: string) => /^new layer 1\/3/.test(text) && controller.abort('SIGINT');
    const stopped = await capture(finetune('stopped', '--augment', 'photos'), { signal: controller.signal, onWrite });
    expect(stopped.code).toBe(130);
    expect((await capture(['finetune', '--resume', at('stopped'), ...reference])).code).toBe(0);
    expect(await model('stopped')).toEqual(await model('anew'));
    await capture(finetune('plain'));
    expect(await model('plain')).not.toEqual(await model('anew'));
  });

  test('fovea finetune --passes: kept as features, keyed by the changes and their number', async () => {
    const found = async (name: string, ...more: string[]) => {
      const all = events(await capture(finetune(name, '--json', ...more)));
      const training = all.filter(({ event, part }) => event === 'features' && part === 'training');
      return { all, first: training[0] as { found: number; size: number } };
    };
    const first = await found('kept', '--augment', 'photos', '--passes', '2');
    expect(first.first).toMatchObject({ found: 0, size: 48 });
    expect(JSON.stringify(first.all)).toContain('2 augmented passes and the photos as they are: 48 photos');
    expect((await found('again', '--augment', 'photos', '--passes', '2')).first).toMatchObject({ found: 48, size: 48 });
    expect(await model('again')).toEqual(await model('kept'));
    expect((await found('other', '--augment', 'sided', '--passes', '2')).first).toMatchObject({ found: 0, size: 48 });
    expect((await found('seeded', '--augment', 'photos', '--passes', '2', '--seed', '5')).first).toMatchObject({
      found: 0,
    });
    const alone = await capture(finetune('alone', '--passes', '2'));
    expect([alone.code, alone.err]).toEqual([2, expect.stringMatching(/Add --augment photos/)]);
    const off = await capture(finetune('off', '--augment', 'photos', '--passes', '2', '--features', 'off'));
    expect([off.code, off.err]).toEqual([2, expect.stringMatching(/Leave --features out/)]);
  });

  test('fovea features --augment: the photos, then their changed copies', async () => {
    const args = [
      'features',
      at('photos'),
      '--base',
      at('tiny.safetensors'),
      '--layer',
      'pool',
      '--json',
      ...reference,
    ];
    const plain = events(await capture([...args, '--out', at('plain-features')])).at(-1) as { file: string };
    const more = events(await capture([...args, '--out', at('more-features'), '--augment', 'photos', '--passes', '2']));
    const { file, shape } = more.at(-1) as { file: string; shape: number[] };
    expect(shape).toEqual([60, 4]);
    const [clean, all] = [await loadArray(plain.file), await loadArray(file)];
    expect(all.data.subarray(0, 80)).toEqual(clean.data);
    expect(all.data.subarray(80, 160)).not.toEqual(clean.data);
    const beside = JSON.parse(await readFile(file.replace('.zarr', '.json'), 'utf8'));
    expect([beside.photos.length, beside.labels.length, beside.passes]).toEqual([60, 60, 2]);
  });

  test('fovea train: the run goes on to the same bits, with the changes that it began with', async () => {
    const small = ['--train-size', '60', '--test-size', '20', '--model', 'linear', '--batch-size', '16', ...reference];
    const train = (name: string, ...more: string[]) =>
      capture(['train', 'digits', ...small, '--run', at(name), '--quiet', ...more]);
    expect((await train('t-all', '--epochs', '3', '--augment', 'digits')).code).toBe(0);
    const controller = new AbortController();
    const onWrite = (text: string) => /epoch 1\/3/.test(text) && controller.abort('SIGINT');
    const args = ['train', 'digits', ...small, '--run', at('t-some'), '--epochs', '3', '--augment', 'digits'];
    expect((await capture(args, { signal: controller.signal, isTerminal: true, onWrite })).code).toBe(130);
    expect((await capture(['train', '--resume', at('t-some'), '--quiet', ...reference])).code).toBe(0);
    expect(await model('t-some')).toEqual(await model('t-all'));
    await train('t-plain', '--epochs', '3');
    expect(await model('t-plain')).not.toEqual(await model('t-all'));
    const asked = await capture([
      'train',
      'digits',
      ...small,
      '--run',
      at('t-asked'),
      '--epochs',
      '1',
      '--augment',
      'photos',
    ]);
    expect(asked.err).toMatch(/Mirrored left to right, digits/);
  });

  test('test-time augmentation: only where it is asked for', async () => {
    const predict = async (...more: string[]) => {
      const args = ['predict', at('tiny.safetensors'), at('photos/sky/sky1.png'), '--json', '--top', '2', ...reference];
      return (await capture([...args, ...more])).out;
    };
    expect(await predict('--tta', '4')).toBe(await predict('--tta', '4'));
    expect(await predict('--tta', '4')).not.toBe(await predict());
    expect(await predict('--tta', '4', '--augment', 'flipHorizontal=0')).toBe(await predict());
    const evaluate = async (...more: string[]) => {
      const args = ['evaluate', at('digits.safetensors'), 'digits', '--test-size', '30', '--json', ...reference];
      return JSON.parse((await capture([...args, ...more])).out) as { loss: number };
    };
    expect((await evaluate('--tta', '3')).loss).not.toBe((await evaluate()).loss);
    const alone = await capture(['evaluate', at('digits.safetensors'), 'digits', '--augment', 'digits', ...reference]);
    expect([alone.code, alone.err]).toEqual([2, expect.stringMatching(/Add --tta 8/)]);
  });
});
