import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dense } from '../../layers/dense.js';
import { flatten } from '../../layers/flatten.js';
import { sequential } from '../../model/sequential.js';
import { capture, events } from '../testing/captured.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-cli-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const at = (name: string): string => join(folder, name);

/** A network and data so small that the definitions train it at once. */
const tiny = [
  '--train-size',
  '60',
  '--test-size',
  '20',
  '--validation',
  '10',
  '--batch-size',
  '8',
  '--model',
  'linear',
];
const reference = ['--engine', 'reference'];
const train = (run: string, ...more: string[]): string[] => [
  ...['train', 'digits', ...tiny, ...reference, '--run', at(run), ...more],
];

describe('a run', () => {
  test('piped: plain lines, and everything in its folder', async () => {
    const { code, out, err } = await capture(train('whole', '--epochs', '2'));
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).not.toContain('\u001b');
    expect(out).toContain('linear, 7,850 parameters');
    expect(out).toContain('digits: 50 to train on, 10 to validate, 20 to test');
    expect(out).toMatch(/^1\/2 .*\n2\/2 /m);
    expect(out).toMatch(/^Test +\d+\.\d\d % of 20 right \(95 % interval /m);
    expect(out).toContain(`Model     ${at('whole/model.safetensors')}`);
    expect(out).toContain(`fovea evaluate ${at('whole')}\n`);
    expect(await readdir(at('whole'))).toEqual([
      ...['checkpoint.safetensors', 'config.json', 'log.csv', 'log.jsonl', 'model.safetensors'],
      'report.html',
    ]);
    const csv = (await readFile(at('whole/log.csv'), 'utf8')).trimEnd().split('\n');
    expect(csv).toHaveLength(3);
    expect(csv[0]).toContain('valAccuracy');
  });

  test('--json: one event per line, and nothing else', async () => {
    const captured = await capture(train('json', '--json'));
    const all = events(captured);
    expect(all.map(({ event }) => event).filter((event) => event !== 'step')).toEqual([
      'start',
      'epoch',
      'epoch',
      'epoch',
      'test',
      'coach',
      'end',
    ]);
    expect(all[0]).toMatchObject({ run: at('json'), model: { name: 'linear', parameters: { total: 7850 } } });
    expect(all.at(-1)).toMatchObject({
      event: 'end',
      stopped: 'completed',
      epochs: 3,
      model: at('json/model.safetensors'),
    });
    expect(captured.err).toBe('');
  });

  test('--quiet: the result alone', async () => {
    const { out } = await capture(train('quiet', '--epochs', '1', '--quiet'));
    expect(out.trimEnd().split('\n')).toHaveLength(2);
  });

  test('on a terminal: a bar on stderr, pictures and colors on stdout', async () => {
    const { out, err } = await capture(train('shown', '--epochs', '1'), { isTerminal: true, color: true });
    expect(err).toMatch(/\repoch 1\/1 ━*╌* +\d+ % {2}loss \d\.\d{4} {2}accuracy/);
    expect(err.endsWith('\r\u001b[K')).toBe(true);
    expect(out).toContain('\u001b[38;5;');
    expect(out).toContain('▀');
    expect(out).toContain('taken for');
  });

  test('a folder that exists is left alone: a number is added', async () => {
    const before = await readFile(at('whole/model.safetensors'));
    const { out } = await capture(train('whole', '--epochs', '1', '--seed', '9'));
    expect(out).toContain(at('whole-2/model.safetensors'));
    expect(await readFile(at('whole/model.safetensors'))).toEqual(before);
  });

  test('early stopping', async () => {
    const { code, out } = await capture(
      train('early', '--epochs', '20', '--early-stopping', '1', '--learning-rate', '50', '--optimizer', 'sgd'),
    );
    expect(code).toBe(0);
    expect(out).toContain('Stopped early: valLoss has not improved for 1 epoch.');
  });

  test('a description as model', async () => {
    const model = sequential([flatten({ inputShape: [28, 28, 1] }), dense({ units: 10, activation: 'softmax' })]);
    await writeFile(at('net.json'), JSON.stringify(model.toConfig()));
    const { code, out } = await capture([...train('own'), '--model', at('net.json'), '--epochs', '1']);
    expect([code, out]).toEqual([0, expect.stringContaining('sequential, 7,850 parameters')]);
  });

  test('a learning rate is suggested', async () => {
    const { code, out } = await capture([...train('none'), '--find-learning-rate']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /The loss falls fastest near .*\n {2}fovea train digits --model linear --learning-rate 0\.\d+\n$/,
    );
    expect(await readdir(folder)).not.toContain('none');
  });
});

describe('interrupted and continued', () => {
  beforeAll(async () => {
    expect((await capture(train('uninterrupted', '--epochs', '3'))).code).toBe(0);
  });

  test.each<[string, RegExp, RegExp]>([
    ['within an epoch', /^\repoch 1\/3/, /^Stopped in epoch 1 of 3, after [1-7] steps? of 7\. Nothing is lost/m],
    ['between epochs', /^1\/3 /, /^Stopped in epoch 2 of 3, after [0-7] steps? of 7\./m],
  ])('Ctrl-C %s: the same model bytes as without', async (_, when, message) => {
    const controller = new AbortController();
    const run = `stopped ${when.source.length}`;
    const { code, out, err } = await capture(train(run, '--epochs', '3'), {
      signal: controller.signal,
      isTerminal: true,
      onWrite: (text) => {
        if (when.test(text)) controller.abort('SIGINT');
      },
    });
    expect(code).toBe(130);
    expect(err).toContain('Stopping after this step and saving. Once more ends at once.');
    expect(out).toMatch(message);
    expect(out).toContain(`fovea train --resume '${at(run)}'\n`);
    expect((await capture(['train', '--resume', at(run), ...reference])).code).toBe(0);
    expect(await readFile(at(`${run}/model.safetensors`))).toEqual(
      await readFile(at('uninterrupted/model.safetensors')),
    );
    const log = (await readFile(at(`${run}/log.jsonl`), 'utf8')).trimEnd().split('\n');
    expect(log.map((line) => (JSON.parse(line) as { epoch: number }).epoch)).toEqual([0, 1, 2]);
  });

  test('stopped before the first step: nothing stays', async () => {
    const controller = new AbortController();
    controller.abort('SIGTERM');
    const { code } = await capture(train('never'), { signal: controller.signal });
    expect(code).toBe(143);
    expect(await readdir(folder)).not.toContain('never');
  });

  test('more epochs than before', async () => {
    const { code, out } = await capture(['train', '--resume', at('uninterrupted'), '--epochs', '4', ...reference]);
    expect(code).toBe(0);
    expect(out).toMatch(/^4\/4 /m);
    expect(out).not.toMatch(/^3\/4 /m);
  });

  test('other options are refused', async () => {
    const { code, err } = await capture([
      'train',
      '--resume',
      at('uninterrupted'),
      '--learning-rate',
      '1',
      '--seed',
      '3',
    ]);
    expect(code).toBe(2);
    expect(err).toMatch(/^error: option --resume: .*Received --learning-rate, --seed\./);
  });

  test('no run', async () => {
    const { code, err } = await capture(['train', '--resume', at('nothing')]);
    expect(code).toBe(2);
    expect(err).toMatch(/there is no config\.json in it\. Name the folder that fovea train made/);
  });

  test('a damaged configuration', async () => {
    await writeFile(at('uninterrupted/config.json'), '{"format":"fovea-run","version":1}');
    const { code, err } = await capture(['train', '--resume', at('uninterrupted')]);
    expect([code, err]).toEqual([2, expect.stringContaining('config.json": fovea:')]);
  });
});

describe('mistakes', () => {
  test.each<[string, string[], RegExp]>([
    ['an unknown option', ['--epoch', '3'], /unknown option '--epoch'\n\(Did you mean --epochs\?\)/],
    ['a misspelt optimizer', ['--optimizer', 'adma'], /Did you mean "adam"\?/],
    ['no number', ['--epochs', 'many'], /It must be a whole number of at least 1/],
    ['a number out of range', ['--label-smoothing', '1'], /It must be a number of at least 0 and less than 1/],
    [
      'an unknown model',
      ['--model', 'cnn-bm'],
      /there is no network of this name, and no file\. Did you mean "cnn-bn"\?/,
    ],
    [
      'a batch that is too large',
      ['--batch-size', '51'],
      /a batch cannot be larger than the data\. Received 51 for 50/,
    ],
    ['nothing left to learn from', ['--validation', '60'], /at least one must be left/],
    ['no data to watch', ['--validation', '0', '--early-stopping', '1'], /none is set aside\. Add --validation/],
    ['momentum of adam', ['--momentum', '0.9'], /sgd and rmsprop have a momentum/],
    ['a file that is no model', ['--model', 'package.json'], /model configuration/],
    ['a folder for digits', ['--data-folder', '.'], /digits are drawn, not read from files/],
  ])('%s', async (_, more, message) => {
    const { code, out, err } = await capture(train('mistake', ...more));
    expect(err).toMatch(message);
    expect([code, out]).toEqual([2, '']);
    expect(await readdir(folder)).not.toContain('mistake');
  });

  test('unknown data', async () => {
    const { code, err } = await capture(['train', 'fashionmnist']);
    expect([code, err]).toEqual([2, expect.stringContaining('Did you mean "fashion-mnist"?')]);
  });

  test('with --json the error is an event too', async () => {
    const captured = await capture(['train', 'nowhere', '--json']);
    expect(events(captured)).toEqual([{ event: 'error', code: 'name', message: expect.stringContaining('nowhere') }]);
  });

  test.skipIf(process.getuid?.() === 0)('a folder that may not be written to', async () => {
    await chmod(folder, 0o555);
    const { code, err } = await capture(train('locked'));
    await chmod(folder, 0o755);
    expect([code, err]).toEqual([2, expect.stringContaining('this user may not access it')]);
  });

  test('a file where the folder should be', async () => {
    await writeFile(at('file'), '');
    const { code, err } = await capture(train('file/run'));
    expect([code, err]).toEqual([2, expect.stringContaining('cannot be created')]);
  });
});
