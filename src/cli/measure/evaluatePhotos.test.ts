import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { capture } from '../testing/captured.js';
import { drawPhoto, drawPhotoClasses, writeTinyBase } from '../testing/drawnPhotos.js';

let folder: string;
let photos: string;
const at = (name: string): string => join(folder, name);
const reference = ['--engine', 'reference'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-evaluate-'));
  vi.stubEnv('FOVEA_CACHE', at('cache'));
  photos = at('photos');
  await drawPhotoClasses(photos, 20);
  await writeTinyBase(at('tiny.safetensors'));
  for (const name of ['first', 'second']) {
    const words = ['finetune', photos, '--base', at('tiny.safetensors'), '--run', at(name), '--learning-rate', '0.05'];
    expect((await capture([...words, '--quiet', ...reference])).code).toBe(0);
  }
}, 60_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe('fovea evaluate on photos', () => {
  test('the photos of the run that nothing was learned from', async () => {
    const { code, out, err } = await capture(['evaluate', at('first'), ...reference]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/on the validation photos of .*photos\n100\.00 % of 8 right \(95 % interval 67\.56/);
    expect(out).toMatch(/^Calibration error/m);
  });

  test('other photos, whose classes are numbered otherwise; files', async () => {
    const others = at('others');
    await drawPhotoClasses(others, 3);
    await rm(join(others, 'sky'), { recursive: true });
    const files = ['report.html', 'all.csv', 'kaggle.csv'].map(at);
    const [page = '', csv = '', kaggle = ''] = files;
    const { code, out } = await capture([
      ...[
        'evaluate',
        at('first'),
        others,
        '--report',
        page,
        '--csv',
        csv,
        '--kaggle',
        kaggle,
        '--clip',
        '0.9',
        '--json',
      ],
      ...reference,
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ examples: 3, correct: 3, confusion: [[0, 0], [0, 3]] }); // biome-ignore format: a matrix
    expect(await readFile(page, 'utf8')).toContain('data:image/jpeg;base64,');
    const rows = (await readFile(csv, 'utf8')).trimEnd().split('\n');
    expect(rows).toHaveLength(4);
    expect(rows[1]).toMatch(/^wood\/wood0\.jpg,wood,wood,0\.\d+,/);
    const submitted = (await readFile(kaggle, 'utf8')).trimEnd().split('\n');
    expect(submitted[0]).toBe('id,label');
    expect(
      submitted.slice(1).every((row) => /^wood\d,0\.[5-9]\d*$/.test(row) && Number(row.split(',')[1]) <= 0.9),
    ).toBe(true);
  });

  test('changed photos of test-time augmentation keep their classes', async () => {
    const args = ['evaluate', at('first'), at('others'), '--tta', '2', '--csv', at('tta.csv'), '--json', ...reference];
    const { out } = await capture(args);
    expect(JSON.parse(out)).toMatchObject({ examples: 3, correct: 3, confusion: [[0, 0], [0, 3]] }); // biome-ignore format: a matrix
    expect(await readFile(at('tta.csv'), 'utf8')).toMatch(/^wood\/wood0\.jpg,wood,wood,/m);
  });

  test('two runs together', async () => {
    const { out } = await capture(['evaluate', at('first'), '--with', at('second'), '--json', ...reference]);
    const { members, loss, accuracy } = JSON.parse(out) as {
      members: { loss: number }[];
      loss: number;
      accuracy: number;
    };
    // The second is the first to the byte.
    expect(members).toHaveLength(2);
    expect(loss).toBeCloseTo(members[1]?.loss ?? Number.NaN, 6);
    expect(accuracy).toBe(1);
  });

  test.each([
    ['a model file alone', () => [at('first/model.safetensors')], /none are named/],
    ['classes that the model has not', () => [at('first'), at('cow')], /photos of cow/],
    ['a part that is not there', () => [at('first'), photos, '--split', 'test'], /no photos in the part "test"/],
    ['a clip without submission', () => [at('first'), '--clip', '0.9'], /it is for --kaggle/],
    ['a clip that is too low', () => [at('first'), '--kaggle', at('k.csv'), '--clip', '0.4'], /more than 1 \/ 2/],
    ['a class that there is not', () => [at('first'), '--kaggle', at('k.csv'), '--positive', 'sea'], /no class "sea"/],
    ['a file in no folder', () => [at('first'), '--csv', at('none/all.csv')], /no such file or folder/],
    ['a file that is a folder', () => [at('first'), '--report', photos], /it is a folder/],
  ])('%s', async (_, args, message) => {
    await mkdir(at('cow/cow'), { recursive: true });
    await drawPhoto(at('cow/cow/cow.jpg'), [200, 200, 200], 1);
    const { code, err } = await capture(['evaluate', ...args(), ...reference]);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe('fovea predict --kaggle', () => {
  const predict = (model: string, ...more: string[]) => capture(['predict', at(model), ...more, ...reference]);

  test('photos without labels: each one’s id and the probability of one class, clipped', async () => {
    const test = at('unlabelled photos');
    await mkdir(test, { recursive: true });
    await drawPhoto(join(test, '7.jpg'), [60, 90, 200], 100);
    await drawPhoto(join(test, '12.jpg'), [150, 100, 50], 101);
    await writeFile(join(test, '9.jpg'), 'no photo');
    const { code, out, err } = await predict('first', test, '--kaggle', at('sub.csv'), '--clip', '0.95');
    expect([code, out]).toEqual([0, `2 predictions in ${at('sub.csv')}\n`]);
    expect(err).toMatch(/^left out: .*9\.jpg/);
    const [head, wood, sky] = (await readFile(at('sub.csv'), 'utf8')).split('\n');
    expect(head).toBe('id,label');
    expect(wood).toMatch(/^12,0\.[5-9]/);
    expect(sky).toMatch(/^7,0\.[0-4]/);
    expect(Number(sky?.split(',')[1])).toBeGreaterThanOrEqual(0.05);
    // The other class, and the lines too.
    const other = await predict('first', test, '--kaggle', at('sky.csv'), '--positive', 'sky', '--format', 'csv');
    expect(other.out).toMatch(/^source,example,class,probability\n.*12\.jpg,0,wood,/);
    const [, first] = (await readFile(at('sky.csv'), 'utf8')).split('\n');
    const [, certain] = /12\.jpg,0,wood,([\d.]+)/.exec(other.out) ?? [];
    expect(Number(first?.split(',')[1])).toBeCloseTo(1 - Number(certain), 5);
  });

  test('of more classes: the name of the file, and a column for each', async () => {
    const { code } = await predict('tiny.safetensors', join(photos, 'sky'), '--limit', '2', '--kaggle', at('five.csv'));
    expect(code).toBe(0);
    const [head, row = ''] = (await readFile(at('five.csv'), 'utf8')).split('\n');
    expect([head, row.split(',')[0]]).toEqual(['img,0,1,2,3,4', 'sky0.jpg']);
    const sum = row.split(',').slice(1).reduce((total, p) => total + Number(p), 0); // biome-ignore format: one thing
    expect(sum).toBeCloseTo(1, 4);
  });

  test.each([
    ['two photos of one name', () => [join(photos, 'sky'), join(photos, 'sky')], /two examples have the id "sky0"/],
    ['a clip that is too low', () => [join(photos, 'sky'), '--clip', '0.4'], /more than 1 \/ 2/],
  ])('%s', async (_, args, message) => {
    const { code, err } = await predict('first', ...args(), '--kaggle', at('never.csv'));
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    await expect(readFile(at('never.csv'))).rejects.toThrow();
  });
});

describe('fovea coach', () => {
  test('a fine-tuning: one finding, its evidence, one next step', async () => {
    const { code, out, err } = await capture(['coach', at('first'), ...reference]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Coach +There is too little validation data to tell: accuracy is known to ±16 points/);
    expect(out).toMatch(/^ +validation examples right +100\.0 % \(67\.6 to 100\.0 %\): 8 of 8$/m);
    expect(out).toMatch(/^Next step .*\n +fovea finetune .*--learning-rate 0\.05 --validation 0\.4$/m);
    expect(out).toContain('Why: docs/coach.md#too-little-validation');
  });

  test('a training, as JSON; it says what it said at the end', async () => {
    const words = ['train', 'digits', '--train-size', '300', '--test-size', '50', '--epochs', '2', '--model', 'linear'];
    const trained = await capture([...words, '--run', at('digits'), '--json', ...reference]);
    const lines = trained.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const { out } = await capture(['coach', at('digits'), '--json', ...reference]);
    const said = JSON.parse(out) as Record<string, unknown>;
    expect(said).toEqual(lines.find(({ event }) => event === 'coach'));
    expect(said.next).toEqual(expect.arrayContaining(['train', 'digits', '--model', '--epochs']));
    expect(await readFile(at('digits/report.html'), 'utf8')).toContain('data:image/png;base64,');
  });

  test('what is no run', async () => {
    const { code, err } = await capture(['coach', photos, ...reference]);
    expect([code, err]).toEqual([2, expect.stringMatching(/there is no config\.json in it/)]);
  });
});
