import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { saveModel } from '../../formats/modelFile.js';
import { loadArray } from '../../formats/node/arrays.js';
import { writeSafetensors } from '../../formats/safetensors.js';
import { dense } from '../../layers/dense.js';
import { sequential } from '../../model/sequential.js';
import { zoo } from '../../zoo/zoo.js';
import { capture, events } from '../testing/captured.js';
import { drawPhoto, drawPhotoClasses, writeTinyBase } from '../testing/drawnPhotos.js';

let folder: string;
let photos: string;
let base: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-finetune-'));
  photos = at('photos');
  await drawPhotoClasses(photos, 20);
  base = at('tiny.safetensors');
  await writeTinyBase(base);
});
beforeAll(() => {
  vi.stubEnv('FOVEA_CACHE', at('cache'));
  vi.stubEnv('FOVEA_WEIGHTS', '');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const reference = ['--engine', 'reference'];
const run = (name: string, ...more: string[]): string[] => [
  ...['finetune', photos, '--base', base, '--run', at(name), '--learning-rate', '0.05', ...reference, ...more],
];

describe('fovea finetune', () => {
  test('from photos to a model and a report', async () => {
    const { code, out, err } = await capture(run('first'));
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`${photos}: 32 to train on, 8 to validate`);
    expect(out).toContain('2: sky, wood');
    expect(out).toMatch(/globalAveragePooling2d "pool" is frozen.*once for each of 40 examples/);
    expect(out.match(/^new layer/gm)).toHaveLength(10);
    expect(out).toMatch(/^Validation 100\.00 % of 8 right \(95 % interval 67\.56 to 100\.00 %\)/m);
    expect(out).toContain('Rows are true classes');
    expect(out).toContain(`fovea predict ${at('first/model.safetensors')}`);
    expect(await readdir(at('first'))).toEqual([
      ...['checkpoint.safetensors', 'config.json', 'log.csv', 'log.jsonl', 'model.safetensors'],
      ...['report.html', 'report.json'],
    ]);
    expect(out).toMatch(/^Coach +There is too little validation data to tell/m);
    expect(out).toMatch(/Next step .*\n +fovea finetune .*--validation 0\.4/);
    const page = await readFile(at('first/report.html'), 'utf8');
    expect(page).toContain('data:image/jpeg;base64,');
    expect(page).toContain('--validation 0.4');
    const report = JSON.parse(await readFile(at('first/report.json'), 'utf8')) as Record<string, unknown>;
    expect(report).toMatchObject({
      ...{ classes: ['sky', 'wood'], train: 32, valid: 8, test: 0, measuredOn: 'valid', worst: [], problems: [] },
      measure: {
        accuracy: 1,
        correct: 8,
        confusion: [
          [4, 0],
          [0, 4],
        ],
      },
    });
    expect(report.wholeNetworkDifference).toBeLessThan(1e-4);
  });

  test('again: features are found, and the model is the same to the byte', async () => {
    const all = events(await capture(run('second', '--json')));
    const features = all.filter(({ event }) => event === 'features');
    expect(features.length).toBeGreaterThan(0);
    expect(features.every(({ found, size }) => found === size)).toBe(true);
    expect(all.map(({ event }) => event).filter((event) => event === 'epoch')).toHaveLength(10);
    expect(all.at(-1)).toMatchObject({
      event: 'result',
      measure: { accuracy: 1 },
      model: at('second/model.safetensors'),
    });
    expect(await readFile(at('second/model.safetensors'))).toEqual(await readFile(at('first/model.safetensors')));
  });

  test('a photo that has changed makes features of its own', async () => {
    await utimes(join(photos, 'sky', 'sky3.jpg'), new Date(2020, 1, 1), new Date(2020, 1, 1));
    const all = events(await capture(run('changed', '--json')));
    const found = all.filter(({ event }) => event === 'features').map((one) => [one.part, one.found]);
    expect(new Map(found as [string, number][]).values()).toContain(0);
  });

  test('kept in memory, or not at all: the same accuracy', async () => {
    for (const where of ['memory', 'off']) {
      const { out } = await capture(run(where, '--features', where, '--quiet', '--epochs', '4'));
      expect(out).toMatch(/^Validation 100\.00 % of 8 right.*\nModel +\S+\n$/);
    }
    expect((await capture(run('none', '--features', 'off', '--epochs', '1'))).out).not.toContain('is frozen');
  });

  test('more layers learn after the new one', async () => {
    const { code, out } = await capture(run('deep', '--unfreeze', 'all', '--epochs', '2', '--unfreeze-epochs', '1'));
    expect(code).toBe(0);
    expect(out).toMatch(/^more layers 1\/1/m);
    const alone = await capture(run('deep1', '--epochs', '2', '--unfreeze-epochs', '2'));
    expect(alone.out).toMatch(/^more layers 2\/2/m);
    const before = await capture(run('deep2', '--unfreeze', 'cnov'));
    await expect(readdir(at('deep2'))).rejects.toThrow(/ENOENT/);
    expect((await capture(run('deep3', '--unfreeze', '1', '--epochs', '1'))).out).toMatch(/^more layers 2\/2/m);
    expect([before.code, before.err]).toEqual([2, expect.stringContaining('Did you mean "conv"')]);
  });

  test('train, valid and test: measured on test', async () => {
    const parts = at('parts');
    for (const [part, n] of [
      ['train', 10],
      ['valid', 4],
      ['test', 3],
    ] as const)
      await drawPhotoClasses(join(parts, part), n);
    await mkdir(join(parts, 'test', 'sky'), { recursive: true });
    // A photo of wood among those of the sky must be the surest mistake.
    await drawPhoto(join(parts, 'test', 'sky', 'not-sky.jpg'), [150, 100, 50], 99);
    await writeFile(join(parts, 'train', 'sky', 'broken.jpg'), Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 1]));
    const { code, out } = await capture([
      ...['finetune', parts, '--base', base, '--run', at('tested'), '--learning-rate', '0.05', ...reference],
    ]);
    expect(code).toBe(0);
    expect(out).toContain('20 to train on, 8 to validate, 7 to test');
    expect(out).toMatch(/left out +1 file/);
    expect(out).toMatch(/^Test +85\.71 % of 7 right/m);
    expect(out).toMatch(/test\/sky\/not-sky\.jpg +sky, taken for wood +\d+\.\d %/);
    const report = JSON.parse(await readFile(at('tested/report.json'), 'utf8')) as { problems: unknown[] };
    expect(report.problems).toEqual([expect.objectContaining({ file: 'train/sky/broken.jpg', kind: 'broken' })]);
  });

  test('a list with groups and copies; continued with the same photos', async () => {
    const rows = ['img;kind;who', 'photos/sky/none.jpg;sky;w0'];
    for (const name of ['sky', 'wood']) {
      for (let i = 0; i < 20; i++) rows.push(`photos/${name}/${name}${i}.jpg;${name};w${i % 5}`);
    }
    await copyFile(join(photos, 'wood/wood1.jpg'), at('again.jpg'));
    const list = at('list.csv');
    await writeFile(list, [...rows, 'again.jpg;wood;w3'].join('\n'));
    const choice = ['--columns', 'path=img,label=kind', '--group', 'who', '--epochs', '2', ...reference];
    const { code, out, err } = await capture(['finetune', list, '--base', base, '--run', at('listed'), ...choice]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/1 scene has several photos, such as again\.jpg and photos\/wood\/wood1\.jpg/);
    expect(out).toMatch(/left out +1 file/);
    expect(out).toMatch(/waited for photos \d+\.\d s of \d+\.\d s/);
    const report = JSON.parse(await readFile(at('listed/report.json'), 'utf8'));
    // Two of five groups share a copy.
    expect([
      [8, 33],
      [16, 25],
      [17, 24],
    ]).toContainEqual([report.valid, report.train]);
    expect(report.duplicates.sets).toMatchObject([{ kind: 'exact', classes: ['wood'] }]);
    expect(report.duplicates.sets[0].parts).toHaveLength(1);
    expect(report.command).toContain('path=img,label=kind');
    expect(report.problems).toMatchObject([{ file: 'photos/sky/none.jpg', kind: 'unreadable' }]);
    const more = await capture(['finetune', '--resume', at('listed'), '--epochs', '3', ...reference]);
    expect([more.code, more.err]).toEqual([0, '']);
    const dropped = await capture([
      'finetune',
      list,
      '--base',
      base,
      '--run',
      at('dropped'),
      ...choice,
      '--duplicates',
      'drop',
    ]);
    expect(dropped.out).toMatch(/1 copy of photos left out, such as photos\/wood\/wood1\.jpg/);
    const wrong = await capture(['finetune', list, '--base', base, '--columns', 'path=imgg,label=kind']);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/a column "imgg".*Did you mean "img"\?/)]);
    expect((await capture(['finetune', list, '--columns', 'paht=x'])).err).toMatch(/Did you mean "path"\?/);
  });

  test('Ctrl-C while features are computed: nothing is left but what is finished', async () => {
    const controller = new AbortController();
    const onWrite = (text: string) => text.includes('is frozen') && controller.abort('SIGINT');
    const captured = await capture(run('stopped', '--features', at('kept')), { signal: controller.signal, onWrite });
    expect(captured.code).toBe(130);
    expect(captured.out).toContain('Stopped. Features that are finished are kept');
    await expect(readdir(at('stopped'))).rejects.toThrow(/ENOENT/);
  });
});

describe('interrupted and continued', () => {
  const deep = ['--epochs', '3', '--unfreeze', 'all', '--unfreeze-epochs', '2', '--dropout', '0.3'];
  const bytes = (name: string): Promise<Buffer> => readFile(at(`${name}/model.safetensors`));
  const stages = async (name: string): Promise<string[]> => {
    const lines = (await readFile(at(`${name}/log.jsonl`), 'utf8')).trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as { stage: string; epoch: number }).map((r) => r.stage + r.epoch);
  };
  const both = ['head0', 'head1', 'head2', 'all0', 'all1'];

  beforeAll(async () => {
    expect((await capture(run('whole', ...deep))).code).toBe(0);
    expect(await stages('whole')).toEqual(both);
    const csv = (await readFile(at('whole/log.csv'), 'utf8')).trimEnd().split('\n');
    expect(csv[0]).toMatch(/^stage,epoch,step,seconds,learningRate,loss,accuracy,.*valAccuracy$/);
    expect(csv.map((line) => line.split(',')[0])).toEqual(['stage', ...both.map((name) => name.slice(0, -1))]);
  });

  test.each<[string, RegExp]>([
    ['within the first epoch', /^\repoch 1\/3/],
    ['between epochs of the new layer', /^new layer 2\/3/],
    ['after the last of them', /^new layer 3\/3/],
    ['within the first epoch of more layers', /^\repoch 1\/2/],
    ['between their epochs', /^more layers 1\/2/],
  ])('Ctrl-C %s: the same model bytes as without', async (name, when) => {
    const controller = new AbortController();
    const onWrite = (text: string) => when.test(text) && controller.abort('SIGINT');
    const stopped = { signal: controller.signal, isTerminal: true, onWrite };
    const captured = await capture(run(name, ...deep), stopped);
    expect(captured.code).toBe(130);
    expect(captured.out).toContain(`Stopped. Nothing is lost; to go on:\n    fovea finetune --resume '${at(name)}'`);
    expect(captured.out).toContain(`The model as it is now: ${at(name)}/model.safetensors`);
    const { code, err, out } = await capture(['finetune', '--resume', at(name), ...reference]);
    expect([code, err]).toEqual([0, '']);
    expect(await bytes(name)).toEqual(await bytes('whole'));
    expect(await stages(name)).toEqual(both);
    expect(out).toMatch(/^Validation /m);
    const reports = await Promise.all([name, 'whole'].map((one) => readFile(at(`${one}/report.json`), 'utf8')));
    const [mine, other] = reports.map((text) => JSON.parse(text) as Record<string, unknown>);
    expect([mine?.measure, mine?.config]).toEqual([other?.measure, other?.config]);
  });

  test('killed before the first checkpoint: begun anew', async () => {
    await mkdir(at('killed'));
    await copyFile(at('whole/config.json'), at('killed/config.json'));
    expect((await capture(['finetune', '--resume', at('killed'), ...reference])).code).toBe(0);
    expect(await bytes('killed')).toEqual(await bytes('whole'));
  });

  test('more layers after a run of the new layer alone: as if they had been asked for at once', async () => {
    const alone = await capture(run('alone', '--epochs', '3', '--dropout', '0.3'));
    const words = `fovea finetune --resume ${at('alone')} --unfreeze all`;
    expect(alone.out).toContain(words);
    const { code, out } = await capture([...words.split(' ').slice(1), '--unfreeze-epochs', '2', ...reference]);
    expect(code).toBe(0);
    expect(out).not.toMatch(/^new layer/m);
    expect(out).toMatch(/^more layers 2\/2/m);
    expect(await bytes('alone')).toEqual(await bytes('whole'));
    const again = await capture(['finetune', '--resume', at('alone'), '--epochs', '9', ...reference]);
    expect([again.code, again.err]).toEqual([2, expect.stringMatching(/option --epochs: more layers have begun/)]);
  });

  test('other options, other photos, other weights and other runs are refused', async () => {
    const resume = (...more: string[]) => capture(['finetune', '--resume', at('whole'), ...reference, ...more]);
    const options = await resume('--learning-rate', '1', '--base', 'vgg16');
    expect([options.code, options.err]).toEqual([2, expect.stringMatching(/Received --base, --learning-rate\./)]);
    expect((await capture(['finetune', photos, '--resume', at('whole')])).err).toContain('Received the photos');
    expect((await capture(['finetune'])).err).toMatch(/needs photos: a folder.*--resume/);
    const cli = await capture(['train', '--resume', at('whole')]);
    expect([cli.code, cli.err]).toEqual([2, expect.stringContaining(`fovea finetune --resume ${at('whole')}`)]);
    await utimes(join(photos, 'wood', 'wood0.jpg'), new Date(2020, 1, 1), new Date(2020, 1, 1));
    const changed = await resume();
    expect([changed.code, changed.err]).toEqual([2, expect.stringMatching(/no longer those that the run began with/)]);
    const config = JSON.parse(await readFile(at('whole/config.json'), 'utf8')) as { base: object };
    await writeFile(at('whole/config.json'), JSON.stringify({ ...config, base: { ...config.base, sha256: 'x' } }));
    expect((await resume()).err).toContain('not those that the run began with');
    await writeFile(at('whole/config.json'), '{"format":"fovea-finetune","version":1}');
    expect((await resume()).err).toContain('config.json": fovea:');
  });
});

describe('fovea predict on photos', () => {
  const model = (): string => at('first/model.safetensors');
  const photo = (name: string): string => join(photos, name);

  test('the classes by name, with files', async () => {
    const { code, out, err } = await capture([
      ...['predict', model(), photo('sky/sky0.jpg'), photo('wood/wood1.jpg'), '--top', '2', ...reference],
    ]);
    expect([code, err]).toEqual([0, '']);
    const [first, second, ...more] = out.trimEnd().split('\n');
    expect(first).toMatch(/sky0\.jpg {2}sky +\d+\.\d % +wood/);
    expect(second).toMatch(/wood1\.jpg {2}wood +\d+\.\d % +sky/);
    expect(more).toEqual([]);
  });

  test('a folder, as CSV', async () => {
    const { out } = await capture(['predict', model(), photo('sky'), '--format', 'csv', ...reference]);
    const [head, ...rows] = out.trimEnd().split('\n');
    expect(head).toBe('source,example,class,probability');
    expect(rows).toHaveLength(20);
    expect(rows.every((row) => /sky\d+\.jpg,0,sky,0\.\d+$|,1$/.test(row))).toBe(true);
  });

  test('a list', async () => {
    await writeFile(at('some.csv'), 'path,label\nphotos/wood/wood0.jpg,wood\nphotos/sky/sky1.jpg,sky\n');
    const { out } = await capture(['predict', model(), at('some.csv'), '--format', 'csv', ...reference]);
    expect(out).toMatch(/wood0\.jpg,0,wood,.*\n.*sky1\.jpg,\d,sky,/);
    await writeFile(at('some.csv'), 'path,label\n,wood\n');
    const wrong = await capture(['predict', model(), at('some.csv'), ...reference]);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/some\.csv, line 2: there is no path/)]);
  });

  test('JSON', async () => {
    const { out } = await capture(['predict', model(), photo('wood/wood2.jpg'), '--json', ...reference]);
    expect(JSON.parse(out)).toEqual({
      ...{ source: photo('wood/wood2.jpg'), class: 'wood', probability: expect.any(Number) },
    });
  });

  test('a photo that cannot be read does not stop the others', async () => {
    const broken = at('broken.jpg');
    await writeFile(broken, 'no photo');
    const { code, out, err } = await capture(['predict', model(), broken, photo('sky/sky0.jpg'), ...reference]);
    expect([code, out.trimEnd().split('\n')]).toEqual([0, [expect.stringContaining('sky0.jpg')]]);
    expect(err).toMatch(/^left out: .*broken\.jpg/);
    const alone = await capture(['predict', model(), broken, ...reference]);
    expect([alone.code, alone.err]).toEqual([2, expect.stringMatching(/^error: .*broken\.jpg/)]);
  });

  test.each([
    ['no photo', [], /none is named/],
    ['one that is not there', ['nowhere.jpg'], /nowhere\.jpg.*no such file/],
  ])('%s', async (_, files, message) => {
    const { code, err } = await capture(['predict', model(), ...files, ...reference]);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });

  test('a model whose preprocessing was damaged', async () => {
    const path = at('damaged.safetensors');
    const net = sequential([dense({ units: 2, inputShape: [3] })]);
    await writeFile(path, await saveModel(net, { preprocessing: '{"crop":[8]}' }));
    const { code, err } = await capture(['predict', path, photo('sky/sky0.jpg'), ...reference]);
    expect([code, err]).toEqual([2, expect.stringMatching(/its preprocessing cannot be read/)]);
  });
});

describe('fovea features', () => {
  test('arrays with the photos beside them; stopped and started again', async () => {
    const args = [
      'features',
      photos,
      '--base',
      base,
      '--layer',
      'pool',
      '--out',
      at('features'),
      '--json',
      ...reference,
    ];
    const [first, second] = [events(await capture(args)), events(await capture(args))];
    const array = first.at(-1) as { file: string; shape: number[] };
    expect(array).toMatchObject({ event: 'array', part: 'train', shape: [40, 8] });
    expect(second.find(({ event }) => event === 'features')).toMatchObject({ found: 40, size: 40 });
    const { data } = await loadArray(array.file);
    expect(data).toHaveLength(320);
    expect(data.every(Number.isFinite) && data.some((value) => value !== 0)).toBe(true);
    const beside = JSON.parse(await readFile(array.file.replace('.zarr', '.json'), 'utf8')) as Record<string, string[]>;
    expect(beside).toMatchObject({ layer: 'pool', classNames: ['sky', 'wood'] });
    expect(beside.photos).toHaveLength(40);
    // Another layer is another array.
    const conv = events(await capture([...args.slice(0, 4), '--layer', 'conv', ...args.slice(6)]));
    expect(conv.at(-1)).toMatchObject({ shape: [40, 6, 6, 8] });
    expect((await readdir(at('features'))).filter((name) => name.endsWith('.zarr'))).toHaveLength(2);
  });
});

describe('weights', () => {
  const network = ['--base', 'resnet20_cifar10', '--threads', '1', '--epochs', '2', '--quiet'];

  test('from a folder that FOVEA_WEIGHTS names, from the cache, or from a file', async () => {
    const net = zoo.resnet20_cifar10.build();
    const values = await net.getWeights();
    const tensors = new Map(net.weights.map(({ path }, i) => [path, values[i] as (typeof values)[number]]));
    const bytes = writeSafetensors(tensors, { layout: 'HWIO' });
    await mkdir(at('weights'));
    const file = at('weights/resnet20-cifar10.safetensors');
    await writeFile(file, bytes);
    vi.stubEnv('FOVEA_WEIGHTS', at('weights'));
    const found = await capture(['finetune', photos, ...network, '--run', at('found')]);
    expect([found.code, found.err]).toEqual([0, '']);
    vi.stubEnv('FOVEA_WEIGHTS', '');
    await writeFile(at('mine.safetensors'), bytes);
    const named = ['finetune', photos, ...network, '--weights', at('mine.safetensors'), '--run', at('named')];
    expect((await capture(named)).code).toBe(0);
    const reports = await Promise.all(['found', 'named'].map((name) => readFile(at(`${name}/report.json`), 'utf8')));
    expect(reports.map((report) => (JSON.parse(report) as { weights: string }).weights)).toEqual([
      ...[file, at('mine.safetensors')],
    ]);
  });

  test('nowhere: what to put where', async () => {
    const { code, err } = await capture(['finetune', photos, '--base', 'googlenet', '--run', at('nowhere')]);
    expect(code).toBe(2);
    expect(err).toContain('no address is known for its weights');
    expect(err).toContain(`Put this file into ${at('cache/weights')}`);
    expect(err).toContain('googlenet-imagenet.safetensors');
    expect(err).toContain('FOVEA_WEIGHTS');
  });

  test.each([
    ['of another network', 'tiny.safetensors', 2, /weights of model "mobilenet" find no tensor/],
    ['that are no weights', 'photos/sky/sky0.jpg', 2, /weights are read from safetensors, Keras.*PyTorch/],
    ['that are not there', 'missing.h5', 2, /no such file/],
  ])('%s', async (_, file, expected, message) => {
    const { code, err } = await capture(['finetune', photos, '--weights', at(file), '--run', at('none')]);
    expect([code, err]).toEqual([expected, expect.stringMatching(message)]);
  });

  test('an unknown network, an own model without preprocessing, a folder with one class', async () => {
    expect((await capture(['finetune', photos, '--base', 'mobilnet'])).err).toContain('Did you mean "mobilenet"');
    const plain = at('plain.safetensors');
    await writeFile(plain, await saveModel(sequential([dense({ units: 2, inputShape: [3] })])));
    expect((await capture(['finetune', photos, '--base', plain])).err).toContain(
      'does not say what photos must go through',
    );
    await mkdir(at('one/sky'), { recursive: true });
    await drawPhoto(at('one/sky/a.jpg'), [0, 0, 0], 1);
    expect((await capture(['finetune', at('one'), '--base', base])).err).toContain('at least two classes');
  });
});
