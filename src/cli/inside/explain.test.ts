import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Preprocessing } from '../../data/photos/preprocessing.js';
import { saveModel } from '../../formats/modelFile.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { sequential } from '../../model/sequential.js';
import { photoModelTexts } from '../models/modelTexts.js';
import { capture, events } from '../testing/captured.js';

let folder: string;
let model: string;
let photo: string;
let photos: string;

/** A photo that is gray but for a red square; a side of 0 leaves it out. */
async function square(path: string, width: number, height: number, left: number, top: number, side = 8): Promise<void> {
  const pixels = Buffer.alloc(width * height * 3, 90);
  for (let y = top; y < top + side; y++) for (let x = left; x < left + side; x++) pixels[(y * width + x) * 3] = 250;
  await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-explain-'));
  vi.stubEnv('FOVEA_CACHE', join(folder, 'cache'));
  vi.stubEnv('FOVEA_WEIGHTS', '');
  model = join(folder, 'red.safetensors');
  const net = sequential([
    conv2d({ filters: 2, kernelSize: 4, strides: 4, activation: 'relu', name: 'conv', inputShape: [32, 32, 3] }),
    globalAveragePooling2d(),
    dense({ units: 3, activation: 'softmax', name: 'classes' }),
  ]);
  // One filter finds what is redder than gray, the other nothing; "red" needs the first, "gray" is hurt by it.
  const [kernel, bias] = await net.layer('conv').getWeights();
  kernel?.data.forEach((_, i, all) => {
    const [channel, filter] = [Math.floor(i / 2) % 3, i % 2];
    all[i] = filter === 0 ? ([1, -0.5, -0.5][channel] as number) : 0;
  });
  await net.layer('conv').setWeights([kernel, bias] as never);
  const [w, b] = await net.layer('classes').getWeights();
  w?.data.set([6, -6, 0, 0, 0, 0]);
  b?.data.set([-1, 1, -4]);
  await net.layer('classes').setWeights([w, b] as never);
  const preprocessing: Preprocessing = {
    resize: { mode: 'shortSide', to: 32, interpolation: 'bilinear' },
    crop: [32, 32],
    channelOrder: 'rgb',
    range: [0, 1],
    mean: [0, 0, 0],
    standardDeviation: [1, 1, 1],
  };
  await writeFile(model, await saveModel(net, photoModelTexts(['red', 'gray', 'other'], preprocessing)));
  photo = join(folder, 'square.png');
  await square(photo, 48, 32, 12, 18);
  photos = join(folder, 'photos');
  for (const [i, name] of ['gray', 'red'].entries()) {
    await mkdir(join(photos, name), { recursive: true });
    for (let j = 0; j < 3; j++) await square(join(photos, name, `${j}.png`), 32, 32, 4 * j, 5, i === 0 ? 0 : 8);
  }
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe('fovea explain', () => {
  test('all methods: sentences, pictures, numbers and a page that agree', async () => {
    const out = join(folder, 'all');
    const args = [
      'explain',
      model,
      photo,
      '--method',
      'all',
      '--train-photos',
      photos,
      '--neighbors',
      '3',
      '--out',
      out,
    ];
    const { code, out: text, err } = await capture([...args, '--threads', '2']);
    expect([code, err]).toEqual([0, '']);
    expect(text).toMatch(/^The network says red \(\d\d\.\d %\)\. The margin of red over gray/);
    expect(text).toMatch(/HiResCAM: Strongest for red rather than gray at the lower left/);
    expect(text).toMatch(/Of the 3 training photos most like this one, 3 are red/);
    const numbers = JSON.parse(await readFile(join(out, 'explanation.json'), 'utf8'));
    expect(numbers.maps.map(({ method }: { method: string }) => method)).toHaveLength(9);
    const [hiRes] = numbers.maps;
    expect(hiRes).toMatchObject({
      method: 'hiResCam',
      linearHead: true,
      height: 8,
      width: 8,
      place: { layer: 'conv' },
    });
    const sum = hiRes.values.reduce((a: number, b: number) => a + b, 0);
    expect(sum + hiRes.bias).toBeCloseTo(numbers.margin, 3);
    expect(hiRes.bias).toBeCloseTo(-2, 4);
    expect(hiRes.check.verdict).toBe('supported');
    // All six of the training photos; five stages, but one alone of methods that take many passes for a map.
    expect(hiRes.controls.photos).toBe(6);
    const stagesOf = (name: string): number =>
      numbers.maps.find(({ method }: { method: string }) => method === name).controls.weights.stages.length;
    expect(['hiResCam', 'saliency', 'smoothGrad', 'integratedGradients'].map(stagesOf)).toEqual([5, 5, 1, 1]);
    expect(numbers.provenance.weightsHash).toMatch(/^[0-9a-f]{64}$/);
    expect((await readdir(out)).filter((name) => name.endsWith('.png'))).toHaveLength(9);
    const comments = (await sharp(join(out, 'hiResCam.png')).metadata()).comments;
    const about = JSON.parse(comments?.find(({ keyword }) => keyword === 'Description')?.text ?? '{}');
    expect(about).toMatchObject({ method: 'hiResCam', weightsHash: numbers.provenance.weightsHash });
    const page = await readFile(join(out, 'index.html'), 'utf8');
    for (const { sentences } of numbers.maps) expect(page).toContain(sentences[0].replaceAll('"', '&quot;'));
    expect(page).not.toMatch(/(src|href)="(?!data:|#)/);
    // The square lies at x 12 to 19, y 18 to 25 of the photo of 48 × 32, whose middle 32 columns the network saw.
    const picture = await sharp(join(out, 'hiResCam.png')).raw().toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number) =>
      [0, 2].map((k) => picture.data[(y * picture.info.width + x) * picture.info.channels + k] as number);
    const [red, blue] = at(16, 22) as [number, number];
    expect(blue).toBeGreaterThan(red);
    expect(await readdir(join(folder, 'cache', 'controls'))).toHaveLength(8);
  });

  test('what covers, and what integrated gradients compare with', async () => {
    const results = new Map<string, Record<string, unknown>[]>();
    for (const kind of ['black', 'mean', 'blur']) {
      const args = ['--no-controls', '--method', 'integratedGradients,occlusion', '--fill', kind, '--baseline', kind];
      const out = join(folder, `filled-${kind}`);
      const { code } = await capture(['explain', model, photo, ...args, '--quiet', '--out', out]);
      expect(code).toBe(0);
      results.set(kind, JSON.parse(await readFile(join(out, 'explanation.json'), 'utf8')).maps);
      const page = await readFile(join(out, 'index.html'), 'utf8');
      expect(page).toContain('No controls: occlusion is itself a measurement');
      for (const panel of ['Probability of red', 'Log-odds of red', 'most probable class', 'strongest channel']) {
        expect(page).toContain(panel);
      }
    }
    for (const [kind, [gradients, occluded]] of results) {
      expect(gradients?.parameters).toMatchObject({ baseline: kind });
      expect(occluded?.parameters).toMatchObject({ fill: kind });
    }
    const differences = [...results.values()].map(([gradients]) => gradients?.difference);
    expect(new Set(differences).size).toBe(3);
  });

  test('a class rather than another, as JSON; the evidence turns round', async () => {
    const quick = ['--no-controls', '--json', '--method', 'hiResCam'];
    const asked = ['--target', 'gray', '--rather-than', '0', '--out', join(folder, 'asked')];
    const [answer, map, done] = events(await capture(['explain', model, photo, ...quick, ...asked]));
    expect(answer).toMatchObject({ event: 'answer', class: 'gray', over: 'red' });
    expect(answer?.margin as number).toBeLessThan(0);
    expect(String(map?.sentences)).toMatch(
      /Nothing in the photo speaks for gray rather than red; all evidence is against/,
    );
    expect(done).toMatchObject({ event: 'done' });
    const again = await capture(['explain', model, photo, ...asked]);
    expect([again.code, again.err]).toEqual([2, expect.stringContaining('it holds files already')]);
  });

  test.each([
    [['--target', 'rde'], /there is no class "rde".*Did you mean "red"/],
    [['--method', 'gradcamm'], /Did you mean "gradCam"/],
    [['--layer', 'konv'], /no layer "konv"/],
    [['--layer', 'classes'], /needs a layer with height and width/],
    [['--target', '0', '--rather-than', 'red'], /two different classes/],
    [['--baseline', 'gray'], /must be one of|black, mean, blur|baseline/],
  ])('says what is wrong with %j', async (options, message) => {
    const out = join(folder, `wrong-${options.join('')}`);
    const { code, err } = await capture(['explain', model, photo, '--no-controls', '--out', out, ...options]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(existsSync(out)).toBe(false);
  });

  test('what is no model, and what is no photo, is named', async () => {
    const texts = { 'notes.txt': 'these are notes', 'cut.onnx': '\x08\x07\x12\x07pytorch\x1a\x051.0.0:\x00' };
    for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text);
    await writeFile(join(folder, 'a.h5'), Buffer.from('894844460d0a1a0a0000000000000000', 'hex'));
    await mkdir(join(folder, 'empty'), { recursive: true });
    const said = async (...args: string[]) => {
      const { code, err } = await capture(['explain', ...args, '--out', join(folder, 'never')]);
      expect(code).toBe(2);
      expect(err).not.toMatch(/ {4}at /);
      return err;
    };
    expect(await said(join(folder, 'notes.txt'), photo)).toMatch(/must be a model file.*Received something else/);
    expect(await said(join(folder, 'cut.onnx'), photo)).toMatch(/Received an ONNX file.*fovea convert \S*cut\.onnx/);
    expect(await said(join(folder, 'a.h5'), photo)).toMatch(/Received a Keras file/);
    expect(await said(join(folder, 'empty'), photo)).toMatch(/holds no model\.safetensors/);
    expect(await said('runs/not-there', photo)).toMatch(/no such file or folder/);
    expect(await said('mobilenett', photo)).toMatch(/Did you mean "mobilenet"/);
    expect(await said(model, folder)).toMatch(/it is a folder/);
    expect(await said(model, join(folder, 'notes.txt'))).toMatch(/JPEG, PNG, WebP/);
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });
});
