import { describe, expect, test } from 'vitest';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { flatten } from '../../layers/flatten.js';
import { input } from '../../layers/input.js';
import { sequential } from '../../model/sequential.js';
import { collectPredictions } from '../../report/predictions.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';
import type { Checkpoint } from '../../train/checkpoint.js';
import { fitOnFeatures } from '../../train/features/fitOnFeatures.js';
import { fit as train } from '../../train/fit.js';
import { predict } from '../../train/predict.js';
import { arrayDataset } from '../arrayDataset.js';
import type { Batch, Dataset } from '../dataset.js';
import { photoDataset } from '../photos/photoDataset.js';
import { PhotoLoader } from '../photos/photoLoader.js';
import { pixelDataset } from '../pixelDataset.js';
import { split } from '../split.js';
import { subset } from '../subset.js';
import { augmentation } from './augmentation.js';
import { augmented, augmentedPasses } from './augmented.js';

const SIZE = 12;
const random = new RandomStream(1, 'augmented test');
const bytes = Uint8Array.from({ length: SIZE * 8 * 8 }, () => random.below(256));
const labels = Int32Array.from({ length: SIZE }, (_, i) => i % 3);
const digits = pixelDataset({ pixels: bytes, shape: [SIZE, 8, 8, 1], labels });
const floats = arrayDataset(
  new Tensor<'float32'>(
    Float32Array.from(bytes, (v) => v / 255),
    [SIZE, 8, 8, 1],
  ),
  new Tensor<'int32'>(labels, [SIZE]),
);
const some = augmentation({
  transforms: [{ type: 'rotation', degrees: 30 }, { type: 'flipHorizontal' }, { type: 'noise' }],
});
const at = (...indices: number[]) => Uint32Array.from(indices);
const rowsOf = ({ x }: Batch): number[][] =>
  Array.from({ length: x.shape[0] as number }, (_, i) => [...x.data.subarray(i * 64, (i + 1) * 64)]);

describe.each<[string, Dataset]>([
  ['bytes', digits],
  ['floats', floats],
])('augmented %s', (_, dataset) => {
  const data = augmented(dataset, some, { seed: 5 });

  test('without an epoch everything is as it was', async () => {
    expect(await data.batch(at(3, 1))).toEqual(await dataset.batch(at(3, 1)));
    expect(data.labels).toEqual(labels);
    expect(data.varies).toBe(true);
  });

  test('a photo does not depend on what is asked for with it', async () => {
    const [a, b, c] = rowsOf(await data.batch(at(0, 1, 2), 4));
    expect(rowsOf(await data.batch(at(2), 4))).toEqual([c]);
    expect(rowsOf(await data.batch(at(1, 1, 0), 4))).toEqual([b, b, a]);
    expect(rowsOf(await data.batch(at(0), 5))).not.toEqual([a]);
    expect(rowsOf(await augmented(dataset, some, { seed: 6 }).batch(at(0), 4))).not.toEqual([a]);
    expect((await data.batch(at(2, 1), 4)).y.data).toEqual(Int32Array.of(2, 1));
  });

  test('what is fed is what a draw with that key gives', async () => {
    const [fed] = rowsOf(await data.batch(at(7), 2));
    const one =
      dataset === digits ? bytes.subarray(7 * 64, 8 * 64) : Float32Array.from(bytes.subarray(448, 512), (v) => v / 255);
    const picture = { data: one, height: 8, width: 8, channels: 1 };
    const drawn = some.draw(picture, { seed: 5, epoch: 2, index: 7 }).apply(picture).data;
    expect(fed).toEqual([...(dataset === digits ? Float32Array.from(drawn, (v) => v / 255) : drawn)]);
  });

  test('parts of it are augmented too', async () => {
    const [training, held] = split(data, { sizes: [8, 4], seed: 1 }) as [Dataset, Dataset];
    expect(training.varies).toBe(true);
    const [whole] = rowsOf(await data.batch(at(5), 3));
    expect(rowsOf(await subset(data, [5]).batch(at(0), 3))).toEqual([whole]);
    expect(await held.batch(at(0))).toEqual(await split(dataset, { sizes: [8, 4], seed: 1 })[1]?.batch(at(0)));
  });
});

test('the bytes of a data set stay as they are, also those of a Buffer of Node, whose slices are not copies', async () => {
  const kept = pixelDataset({ pixels: Buffer.from(bytes), shape: [SIZE, 8, 8, 1], labels });
  const whiten = kept.withPictures?.((picture) => {
    const copy = augmentation({ transforms: [] }).draw(picture, { seed: 0, epoch: 0, index: 0 }).apply(picture);
    copy.data.fill(255);
    picture.data.fill(255);
    return picture;
  });
  expect((await whiten?.batch(at(3)))?.x.data[0]).toBe(1);
  expect((await kept.batch(at(3))).x).toEqual((await digits.batch(at(3))).x);
});

test('augmenting a part asks the whole for bytes', async () => {
  const part = augmented(subset(digits, [4, 2]), augmentation({ transforms: [{ type: 'flipVertical', p: 1 }] }));
  const [row] = rowsOf(await part.batch(at(0), 0));
  const [whole] = rowsOf(await digits.batch(at(4)));
  expect(row?.slice(0, 8)).toEqual(whole?.slice(56));
});

describe('photos', () => {
  const [height, width] = [4, 6];
  const pixels = Array.from({ length: 3 }, (_, i) =>
    Uint8Array.from({ length: height * width * 3 }, (_unused, k) => (i * 50 + k * 3) % 256),
  );
  const source = {
    ...{ height, width },
    names: ['a', 'b', 'c'],
    labels: Int32Array.of(0, 1, 0),
    classNames: ['x', 'y'],
    load: async (index: number) => ({ pixels: pixels[index] as Uint8Array, height, width }),
  };
  const normalization = {
    channelOrder: 'bgr',
    range: [0, 255],
    mean: [10, 20, 30],
    standardDeviation: [1, 1, 1],
  } as const;

  test('are changed before they are normalized', async () => {
    const flip = augmentation({ transforms: [{ type: 'flipHorizontal', p: 1 }] });
    const data = augmented(photoDataset(new PhotoLoader(source), normalization), flip);
    const { x } = await data.batch(at(1), 0);
    const first = (width - 1) * 3;
    const expected = [2, 1, 0].map((c, i) => (pixels[1]?.[first + c] as number) - ([10, 20, 30][i] as number));
    expect([...x.data.subarray(0, 3)]).toEqual(expected);
  });

  test('must keep their size', async () => {
    const crop = augmentation({ transforms: [{ type: 'randomResizedCrop', size: 9 }] });
    const data = augmented(photoDataset(new PhotoLoader(source), normalization), crop);
    await expect(data.batch(at(1), 0)).rejects.toThrow(/must stay \[4, 6, 3\]/);
  });
});

test('examples that are no pictures are an error', () => {
  const rows = arrayDataset(
    new Tensor<'float32'>(new Float32Array(8), [2, 4]),
    new Tensor<'int32'>(new Int32Array(2), [2]),
  );
  expect(() => augmented(rows, some)).toThrow(/only pictures/);
});

describe('mixed', () => {
  test('mixup blends photos and targets in the same share', async () => {
    const data = augmented(digits, augmentation({ transforms: [], mixup: { alpha: 1 } }), { seed: 2 });
    const batch = await data.batch(at(0, 1, 2, 3), 6);
    const clean = await digits.batch(at(0, 1, 2, 3));
    expect(batch.y.shape).toEqual([4, 3]);
    for (let i = 0; i < 4; i++) {
      const target = [...batch.y.data.subarray(i * 3, i * 3 + 3)];
      expect(target.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
      // Some other photo, in the share that the targets say, makes this one of the clean ones.
      const fits = [0, 1, 2, 3].some((other) => {
        if (other === i) return false;
        const same = labels[other] === labels[i];
        const share = same ? undefined : (target[labels[i] as number] as number);
        const [mixed, own, two] = [batch, clean, clean].map(({ x }, k) =>
          x.data.subarray((k === 2 ? other : i) * 64, (k === 2 ? other : i) * 64 + 64),
        );
        const guess = share ?? shareOf(mixed as Float32Array, own as Float32Array, two as Float32Array);
        return mixed?.every((v, k) => Math.abs(v - guess * (own?.[k] ?? 0) - (1 - guess) * (two?.[k] ?? 0)) < 1e-5);
      });
      expect(fits, `photo ${i}`).toBe(true);
    }
    expect(await data.batch(at(0, 1, 2, 3), 6)).toEqual(batch);
    expect((await data.batch(at(0, 1))).y.dtype).toBe('int32');
  });

  test('CutMix: targets have the share of the pixels', async () => {
    const marked = pixelDataset({
      pixels: Uint8Array.from({ length: 2 * 64 }, (_, i) => (i < 64 ? 255 : 0)),
      shape: [2, 8, 8, 1],
      labels: Int32Array.of(0, 1),
    });
    const data = augmented(marked, augmentation({ transforms: [], cutMix: {} }));
    let mixed = 0;
    for (let epoch = 0; epoch < 30; epoch++) {
      const { x, y } = await data.batch(at(0, 1), epoch);
      for (let i = 0; i < 2; i++) {
        const white = x.data.subarray(i * 64, i * 64 + 64).reduce((a, b) => a + b, 0) / 64;
        expect(y.data[i * 2]).toBeCloseTo(white, 5);
        if (white > 0 && white < 1) mixed++;
      }
    }
    expect(mixed).toBeGreaterThan(20);
  });
});

function shareOf(mixed: Float32Array, own: Float32Array, other: Float32Array): number {
  let [top, bottom] = [0, 0];
  for (let k = 0; k < mixed.length; k++) {
    const difference = (own[k] as number) - (other[k] as number);
    top += ((mixed[k] as number) - (other[k] as number)) * difference;
    bottom += difference ** 2;
  }
  return top / bottom;
}

describe('training', () => {
  const engine = new ReferenceEngine();
  const build = () =>
    sequential([
      input([8, 8, 1]),
      conv2d({ filters: 2, kernelSize: 3, activation: 'relu' }),
      flatten(),
      dense({ units: 3, activation: 'softmax' }),
    ]);
  const mixed = augmentation({ transforms: [{ type: 'rotation' }, { type: 'shift' }], mixup: { alpha: 0.4, p: 0.5 } });
  const data = augmented(digits, mixed, { seed: 8 });
  const options = { loss: 'categoricalCrossentropy', epochs: 3, batchSize: 5, seed: 1, engine } as const;
  const weightsOf = async (model: ReturnType<typeof build>) => (await model.getWeights()).map((t) => [...t.data]);

  test('stopped at any step and resumed ends with the same bits', async () => {
    const whole = build();
    const { steps } = await train(whole, data, { ...options, metrics: ['accuracy'] });
    const expected = await weightsOf(whole);
    for (let stop = 1; stop < steps; stop++) {
      const saved: Checkpoint[] = [];
      const end = new AbortController();
      await train(build(), data, {
        ...options,
        metrics: ['accuracy'],
        signal: end.signal,
        checkpoint: { save: async (checkpoint) => void saved.push(checkpoint) },
        callbacks: [{ onBatchEnd: (_, { step }) => void (step === stop - 1 && end.abort()) }],
      });
      const resumed = build();
      const pieces = saved.at(-1)?.pieces ?? [];
      await train(resumed, data, { ...options, metrics: ['accuracy'], resume: new Uint8Array(Buffer.concat(pieces)) });
      expect(await weightsOf(resumed), `stopped after ${stop}`).toEqual(expected);
    }
  });

  test('frozen layers are not computed once for photos that change', async () => {
    const [once, whole] = [build(), build()];
    for (const { layers } of [once, whole]) for (const layer of layers.slice(0, 2)) layer.trainable = false;
    const messages: string[] = [];
    await fitOnFeatures(once, data, { ...options, onMessage: (message) => messages.push(message) });
    await train(whole, data, options);
    expect(messages).toEqual([expect.stringMatching(/differ from epoch to epoch/)]);
    expect(await weightsOf(once)).toEqual(await weightsOf(whole));
  });

  test('a model that learned from turned photos learned something else; what measures sees them clean', async () => {
    const [plain, turned] = [build(), build()];
    const { history } = await train(plain, digits, options);
    const augmentedRun = await train(turned, augmented(digits, mixed), options);
    expect(await weightsOf(plain)).not.toEqual(await weightsOf(turned));
    // With the same weights, the clean measure of the augmented data is that of the data.
    const [a, b] = [
      await predict(turned, augmented(digits, mixed), { engine }),
      await predict(turned, digits, { engine }),
    ];
    expect(a).toEqual(b);
    expect(history.values('trainLoss')).toHaveLength(3);
    expect(augmentedRun.history.values('trainLoss')).toHaveLength(3);
  });
});

describe('augmentedPasses', () => {
  const passes = augmentedPasses(digits, some, { passes: 2, seed: 5 });
  const each = augmented(digits, some, { seed: 5 });

  test('are the clean photos, then the first epochs', async () => {
    expect(passes.size).toBe(3 * SIZE);
    expect(passes.varies).toBeUndefined();
    expect([...(passes.labels ?? [])]).toEqual([...labels, ...labels, ...labels]);
    const mixed = rowsOf(await passes.batch(at(SIZE + 1, 4, 2 * SIZE + 1, SIZE)));
    const [clean] = rowsOf(await digits.batch(at(4)));
    const [one, zero] = rowsOf(await each.batch(at(1, 0), 0));
    const [second] = rowsOf(await each.batch(at(1), 1));
    expect(mixed).toEqual([one, clean, second, zero]);
    const { y } = await passes.batch(at(SIZE + 1, 5));
    expect([...y.data]).toEqual([1, 2]);
  });

  test('nonsense is refused', () => {
    expect(() => augmentedPasses(digits, some, { passes: 0 })).toThrow(/from 1 to 1000/);
    const mixup = augmentation({ transforms: [], mixup: {} });
    expect(() => augmentedPasses(digits, mixup, { passes: 1 })).toThrow(/mix the photos of a batch/);
  });
});

describe('test-time augmentation', () => {
  const engine = new ReferenceEngine();
  const model = sequential([input([8, 8, 1]), flatten(), dense({ units: 3, activation: 'softmax' })]);

  test('is the mean over the photo as it is and its first draws', async () => {
    const data = augmented(digits, some, { seed: 4 });
    const { data: averaged } = await predict(model, data, { engine, draws: 2, batchSize: 5 });
    const all = Uint32Array.from({ length: SIZE }, (_, i) => i);
    const each: Float32Array[] = [];
    for (const epoch of [undefined, 0, 1]) {
      each.push((await predict(model, (await data.batch(all, epoch)).x, { engine })).data);
    }
    for (const [i, value] of averaged.entries()) {
      const mean = each.reduce((sum, one) => sum + (one[i] as number), 0) / 3;
      expect(value).toBeCloseTo(mean, 6);
    }
    const { probabilities } = await collectPredictions(model, data, { engine, draws: 2, batchSize: 7 });
    for (const [i, value] of probabilities.entries()) expect(value).toBeCloseTo(averaged[i] as number, 6);
  });

  test('needs data that is augmented, and a whole number', async () => {
    await expect(predict(model, digits, { engine, draws: 2 })).rejects.toThrow(/only data that is augmented/);
    await expect(predict(model, augmented(digits, some), { engine, draws: 1.5 })).rejects.toThrow(/whole number/);
  });
});
