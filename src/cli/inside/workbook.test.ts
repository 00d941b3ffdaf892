import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modelPieces } from '../../formats/modelFile.js';
import { readZip } from '../../formats/zip.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { flatten } from '../../layers/flatten.js';
import { input } from '../../layers/input.js';
import { maxPooling2d } from '../../layers/maxPooling2d.js';
import { sequential } from '../../model/sequential.js';
import { capture, events } from '../testing/captured.js';

let folder: string;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-workbook-cli-'));
  model = join(folder, 'model.safetensors');
  const small = sequential([
    input([28, 28, 1]),
    conv2d({ filters: 2, kernelSize: 5, strides: 2, activation: 'relu' }),
    maxPooling2d(),
    flatten(),
    dense({ units: 10, activation: 'softmax' }),
  ]);
  await writeFile(model, Buffer.concat(await modelPieces(small, { data: '{"name":"digits"}' })));
});
afterAll(async () => void (await rm(folder, { recursive: true })));

/** A file of the archive as text. */
async function inside(path: string, name: string): Promise<string> {
  const entry = readZip(await readFile(path), 'workbook').get(name);
  return new TextDecoder().decode(await entry?.read());
}

describe('fovea workbook', () => {
  test('without a model: the example, with live formulas and colors', async () => {
    const out = join(folder, 'example.xlsx');
    const { code, out: text } = await capture(['workbook', '--out', out]);
    expect([code, text]).toEqual([
      0,
      expect.stringMatching(/test example 0 of digits, a \d\. Its last value, at network!/),
    ]);
    const sheet = await inside(out, 'xl/worksheets/sheet1.xml');
    expect(sheet.match(/<f>SUMPRODUCT/g)).toHaveLength(2 * 26 * 26 + 2 * 24 * 24 + 1);
    expect(sheet.match(/<f>MAX\(/g)).toHaveLength(2 * 12 * 12);
    expect(sheet).toContain('<cfRule type="colorScale"');
    expect(await inside(out, 'xl/worksheets/sheet3.xml')).toContain('LOG10(');
  });

  test('from a model: the digit that was asked for, and its class', async () => {
    const out = join(folder, 'model.xlsx');
    const [facts] = events(await capture(['workbook', model, '--digit', '5', '--out', out, '--json']));
    expect(facts).toMatchObject({ file: out, sheets: ['network', 'softmax', 'cross-entropy'] });
    expect(facts?.scores).toHaveLength(10);
    const softmax = await inside(out, 'xl/worksheets/sheet2.xml');
    expect(softmax).toContain('<f>network!');
    expect(softmax).toContain('The true class is');
  });

  test('from a photo of a digit, dark on light', async () => {
    const photo = join(folder, 'photo.png');
    await sharp({ create: { width: 56, height: 56, channels: 3, background: '#ffffff' } })
      .composite([
        { input: { create: { width: 8, height: 40, channels: 3, background: '#000000' } }, left: 24, top: 8 },
      ])
      .png()
      .toFile(photo);
    const out = join(folder, 'photo.xlsx');
    const { out: text } = await capture(['workbook', model, '--photo', photo, '--out', out]);
    expect(text).toContain('inverted');
    expect(await inside(out, 'xl/worksheets/sheet1.xml')).toContain('<c r="N10" s="1"><v>1</v></c>');
  });

  test.each([
    [['--out', 'book.xls'], 'must end with .xlsx'],
    [['--digit', '10000'], 'counted from 0'],
    [['--photo', 'a.jpg', '--data', 'digits'], 'either from a photo or from data'],
    [['--photo', 'gone.jpg'], 'gone.jpg'],
    [['gone.safetensors'], 'gone.safetensors'],
  ])('%j', async (options, message) => {
    const out = options.includes('--out') ? [] : ['--out', join(folder, 'never.xlsx')];
    expect(await capture(['workbook', ...options, ...out])).toMatchObject({
      code: 2,
      err: expect.stringContaining(message),
    });
  });

  test('a file that is there stays', async () => {
    const out = join(folder, 'kept.xlsx');
    await writeFile(out, 'kept');
    expect(await capture(['workbook', '--out', out])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--force'),
    });
    expect(await readFile(out, 'utf8')).toBe('kept');
  });
});
