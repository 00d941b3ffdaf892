import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { normalizePixels, type Preprocessing } from '../data/photos/preprocessing.js';
import type { Engine } from '../engines/engine.js';
import { ReferenceEngine } from '../engines/reference/referenceEngine.js';
import { createWasmEngine } from '../engines/wasm/index.js';
import { loadWeights } from '../formats/loadWeights.js';
import { readSafetensors } from '../formats/safetensors.js';
import { model } from '../model/functional.js';
import type { Tensor } from '../tensor/tensor.js';
import { sharedData } from '../testing/sharedData.js';
import { Predictor } from '../train/predict.js';
import { parseClassNames } from './classNames.js';
import { caffeVgg } from './preprocessing.js';
import { buildPretrained, layoutFromMetadata, weightSource } from './pretrained.js';
import { vgg16 } from './vgg.js';
import { zooEntry } from './zoo.js';

/**
 * Trained networks against predictions that independent code made of the same pixels: the data of ../shared, which the
 * environment variable FOVEA_SHARED can place elsewhere.
 */
const data = sharedData();
const crops = join(data, 'images/golden-crops-224');
const present = existsSync(join(crops, 'golden-predictions.json'));

type Top5 = readonly (readonly [index: number, name: string, probability: number])[];
interface Goldens {
  readonly nets: Readonly<Record<string, { readonly top5: Readonly<Record<string, Top5>> }>>;
  readonly 'vgg_activations_for_coral_cat.png': {
    readonly vgg16: Readonly<Record<string, { mean: number; std: number; first8_channel_means: number[] }>>;
  };
}

const goldens = (): Goldens => JSON.parse(readFileSync(join(crops, 'golden-predictions.json'), 'utf8'));
const weights = (file: string) => readSafetensors(readFileSync(join(data, 'weights', file)), file);

async function decode(path: string): Promise<{ pixels: Uint8Array; width: number; height: number }> {
  const { data: pixels, info } = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { pixels, width: info.width, height: info.height };
}

async function crop(file: string, preprocessing: Preprocessing): Promise<Tensor<'float32'>> {
  const { pixels, width, height } = await decode(join(crops, file));
  return normalizePixels(pixels, [1, height, width, 3], preprocessing);
}

async function pretrained(network: string, sourceId: string) {
  const entry = zooEntry(network);
  const source = weightSource(entry, sourceId);
  return buildPretrained(entry, source, weights(source.file));
}

function expectTop5(probabilities: Float32Array, top5: Top5): void {
  const off = top5.map(([index, , probability]) => Math.abs((probabilities[index] as number) - probability));
  expect(Math.max(...off)).toBeLessThan(1e-3);
  const fifth = (top5.at(-1) as Top5[number])[2];
  const listed = new Set(top5.map(([index]) => index));
  const others = probabilities.filter((_, i) => !listed.has(i));
  expect(Math.max(...others)).toBeLessThan(fifth + 1e-3);
}

describe.skipIf(!present)(present ? 'trained networks' : 'trained networks: skipped, no data in ../shared', () => {
  /** Which of them there are weights for: recorded are the predictions of all four. */
  const isThere = ([network, source]: readonly string[]): boolean =>
    existsSync(join(data, 'weights', weightSource(zooEntry(network as string), source as string).file));
  const networks = (
    [
      ['squeezenet1_1', 'squeezenet1_1-caffe', 'squeezenet1_1-imagenet'],
      ['squeezenet1_0', 'squeezenet1_0-deepcompression', 'squeezenet1_0-imagenet-deepcompression'],
      ['googlenet', 'googlenet-caffe', 'googlenet-imagenet'],
      ['mobilenet', 'mobilenet-0.75-tfjs', 'mobilenet_v1_0.75_224-imagenet'],
    ] as const
  ).filter(isThere);
  /** Photos for the engine of definitions, which takes seconds for each: FOVEA_GOLDEN=26 tries all. */
  const slowPhotos = Number(process.env.FOVEA_GOLDEN ?? 1);
  let engine: Engine;
  beforeAll(async () => {
    engine = await createWasmEngine({ threads: 2 });
  });
  afterAll(() => engine?.close());

  test.each(networks)('%s makes the same top 5 of each of 26 photos', async (network, source, golden) => {
    const net = await pretrained(network, source);
    expect(net.report).toMatchObject({ missing: [], unused: [], misfits: [] });
    const { top5 } = goldens().nets[golden] as { top5: Readonly<Record<string, Top5>> };
    const predictor = new Predictor(net.model, engine);
    const files = Object.keys(top5);
    expect(files).toHaveLength(26);
    for (const file of files) {
      const { data: probabilities } = await predictor.predict(await crop(file, net.preprocessing));
      expectTop5(probabilities, top5[file] as Top5);
    }
  });

  test.each(networks)(
    '%s on the engine of definitions',
    async (network, source, golden) => {
      const net = await pretrained(network, source);
      const { top5 } = goldens().nets[golden] as { top5: Readonly<Record<string, Top5>> };
      const predictor = new Predictor(net.model, new ReferenceEngine());
      for (const file of ['coral_cat.png', ...Object.keys(top5)].slice(0, slowPhotos)) {
        const { data: probabilities } = await predictor.predict(await crop(file, net.preprocessing));
        expectTop5(probabilities, top5[file] as Top5);
      }
    },
    300_000 * slowPhotos,
  );

  test('the first six convolutions of VGG16 make the same activations', async () => {
    const { tensors, metadata } = weights('vgg16-imagenet-block1-block3_conv2.safetensors');
    const whole = vgg16({ includeTop: false });
    const x = await crop('coral_cat.png', caffeVgg);
    const expected = goldens()['vgg_activations_for_coral_cat.png'].vgg16;
    expect(Object.keys(expected)).toHaveLength(6);
    const net = model({ inputs: whole.inputs, outputs: whole.layerOutput('block3_conv2') });
    await loadWeights(net, tensors, { layout: layoutFromMetadata(metadata) ?? 'torch' });
    for (const [layer, { mean, std, first8_channel_means }] of Object.entries(expected)) {
      const upTo = model({ inputs: whole.inputs, outputs: whole.layerOutput(layer) });
      const { data: y, shape } = await new Predictor(upTo, engine).predict(x);
      const stats = statistics(y, shape.at(-1) as number);
      expect(stats.mean / mean).toBeCloseTo(1, 4);
      expect(stats.std / std).toBeCloseTo(1, 4);
      first8_channel_means.forEach((value, c) => {
        expect(Math.abs((stats.channelMeans[c] as number) - value)).toBeLessThan(1e-4 * mean);
      });
    }
  });

  test('ResNet-20 tells 91.5 ± 0.2 % of 1,000 test pictures of CIFAR-10 apart', async () => {
    const net = await pretrained('resnet20_cifar10', 'resnet20_cifar10');
    expect(net.report).toMatchObject({ missing: [], unused: [], misfits: [] });
    const sheet = await decode(join(data, 'cifar10/sheets/cifar10_batch_50.png')); // a picture a row
    expect([sheet.width, sheet.height]).toEqual([1024, 1000]);
    const { test: labels } = JSON.parse(readFileSync(join(data, 'cifar10/labels.json'), 'utf8')) as { test: number[] };
    const x = normalizePixels(sheet.pixels, [1000, 32, 32, 3], net.preprocessing);
    const { data: probabilities } = await new Predictor(net.model, engine).predict(x, { batchSize: 100 });
    const right = labels.filter((label, i) => {
      const row = probabilities.subarray(10 * i, 10 * i + 10);
      return row.indexOf(Math.max(...row)) === label;
    });
    expect(Math.abs(right.length / labels.length - 0.915)).toBeLessThanOrEqual(0.002);
  });

  test('names of the classes', () => {
    const names = parseClassNames(readFileSync(join(data, 'weights/synset_words.txt'), 'utf8'), 'synset_words.txt');
    expect(names).toHaveLength(1000);
    for (const { top5 } of Object.values(goldens().nets)) {
      for (const [index, name] of Object.values(top5).flat()) expect(names[index]).toBe(name);
    }
  });
});

function statistics(y: Float32Array, channels: number) {
  const sums = new Float64Array(channels);
  let squares = 0;
  y.forEach((value, i) => {
    sums[i % channels] = (sums[i % channels] as number) + value;
    squares += value * value;
  });
  const mean = sums.reduce((a, b) => a + b, 0) / y.length;
  const channelMeans = sums.map((sum) => sum / (y.length / channels));
  return { mean, std: Math.sqrt(squares / y.length - mean * mean), channelMeans };
}
