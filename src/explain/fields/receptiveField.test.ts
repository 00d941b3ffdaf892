import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placePhoto } from '../../data/photos/placePhoto.js';
import { add } from '../../layers/add.js';
import { averagePooling2d } from '../../layers/averagePooling2d.js';
import { concatenate } from '../../layers/concatenate.js';
import { conv2d } from '../../layers/conv2d.js';
import { conv2dTranspose } from '../../layers/conv2dTranspose.js';
import { cropping2d } from '../../layers/cropping2d.js';
import { dense } from '../../layers/dense.js';
import { flatten } from '../../layers/flatten.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { input } from '../../layers/input.js';
import { maxPooling2d } from '../../layers/maxPooling2d.js';
import { relu } from '../../layers/relu.js';
import { upSampling2d } from '../../layers/upSampling2d.js';
import { zeroPadding2d } from '../../layers/zeroPadding2d.js';
import { model } from '../../model/functional.js';
import type { Model } from '../../model/model.js';
import { sequential } from '../../model/sequential.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';
import { run } from '../../testing/runModel.js';
import { resNet18 } from '../../zoo/resNet.js';
import { vgg16 } from '../../zoo/vgg.js';
import { photoRegion } from './photoRegion.js';
import { ReceptiveFields } from './receptiveField.js';

/** [size, stride, start], as Araujo et al. count them. */
function triple(fields: ReceptiveFields, layer: string): number[] {
  const { field } = fields.of(layer);
  if (field === 'whole') throw new Error(`${layer} sees everything`);
  expect(field.columns).toEqual(field.rows);
  return [field.rows.size, field.rows.stride, field.rows.start];
}

describe('known networks', () => {
  test('VGG16, layer by layer', () => {
    const fields = new ReceptiveFields(vgg16({ includeTop: false }));
    const expected = {
      ...{ block1_conv1: [3, 1, -1], block1_conv2: [5, 1, -2], block1_pool: [6, 2, -2] },
      ...{ block2_conv1: [10, 2, -4], block2_conv2: [14, 2, -6], block2_pool: [16, 4, -6] },
      ...{ block3_conv1: [24, 4, -10], block3_conv2: [32, 4, -14], block3_conv3: [40, 4, -18] },
      ...{ block3_pool: [44, 8, -18], block4_conv1: [60, 8, -26], block4_conv2: [76, 8, -34] },
      ...{ block4_conv3: [92, 8, -42], block4_pool: [100, 16, -42], block5_conv1: [132, 16, -58] },
      ...{ block5_conv2: [164, 16, -74], block5_conv3: [196, 16, -90], block5_pool: [212, 32, -90] },
    };
    for (const [layer, numbers] of Object.entries(expected)) expect(triple(fields, layer), layer).toEqual(numbers);
  });

  test('ResNet-18: the main path decides, and shortcuts are aligned with it', () => {
    const fields = new ReceptiveFields(resNet18());
    const stages = {
      ...{ relu: [7, 2, -3], maxpool: [11, 4, -5], 'layer1.0.relu': [27, 4, -13], 'layer1.1.relu': [43, 4, -21] },
      ...{ 'layer2.0.relu': [67, 8, -33], 'layer2.1.relu': [99, 8, -49], 'layer3.0.relu': [147, 16, -73] },
      ...{ 'layer3.1.relu': [211, 16, -105], 'layer4.0.relu': [307, 32, -153], 'layer4.1.relu': [435, 32, -217] },
    };
    for (const [layer, numbers] of Object.entries(stages)) expect(triple(fields, layer), layer).toEqual(numbers);
    expect(fields.of('layer4.1.relu').aligned).toBe(true);
    expect(fields.of('avgpool').field).toBe('whole');
    expect(fields.all()).toHaveLength(resNet18().layers.length);
  });

  test('AlexNet', () => {
    const conv = (name: string, kernelSize: number, strides: number, pad: number) =>
      conv2d({ name, filters: 2, kernelSize, strides, padding: [pad, pad, pad, pad] });
    const pool = (name: string) => maxPooling2d({ name, poolSize: 3, strides: 2 });
    const net = sequential([
      ...[input([227, 227, 3]), conv('conv1', 11, 4, 0), pool('pool1'), conv('conv2', 5, 1, 2), pool('pool2')],
      ...[conv('conv3', 3, 1, 1), conv('conv4', 3, 1, 1), conv('conv5', 3, 1, 1), pool('pool5')],
    ]);
    const fields = new ReceptiveFields(net);
    const expected = {
      ...{ conv1: [11, 4, 0], pool1: [19, 8, 0], conv2: [51, 8, -16], pool2: [67, 16, -16], conv3: [99, 16, -32] },
      ...{ conv4: [131, 16, -48], conv5: [163, 16, -64], pool5: [195, 32, -64] },
    };
    for (const [layer, numbers] of Object.entries(expected)) expect(triple(fields, layer), layer).toEqual(numbers);
  });
});

/** Makes every weight positive, so that a change of a pixel cannot cancel. */
async function positive(net: Model): Promise<Model> {
  const weights = await net.getWeights();
  for (const { data } of weights) for (let i = 0; i < data.length; i++) data[i] = 0.1 + Math.abs(data[i] as number);
  await net.setWeights(weights);
  return net;
}

/** The pixels whose change changes one output of the model, tried one by one. */
async function perturbed(net: Model, y: number, x: number): Promise<Uint8Array> {
  const [h, w, c] = net.inputShapes[0] as [number, number, number];
  const random = new RandomStream(3, 'pixels');
  const base = Float32Array.from({ length: h * w * c }, () => 0.5 + random.uniform());
  const batch = new Float32Array((h * w + 1) * base.length);
  for (let i = 0; i <= h * w; i++) {
    batch.set(base, i * base.length);
    if (i < h * w) for (let k = 0; k < c; k++) batch[i * base.length + i * c + k] = 100;
  }
  const [out] = await run(net, [new Tensor(batch, [h * w + 1, h, w, c])]);
  const [, , ow, oc] = (out as Tensor).shape as [number, number, number, number];
  const size = (out as Tensor).size / (h * w + 1);
  const at = (i: number): number => (out as Tensor).data[i * size + (y * ow + x) * oc] as number;
  return Uint8Array.from({ length: h * w }, (_, i) => (at(i) === at(h * w) ? 0 : 1));
}

/** Random chains; poolings take means, where a maximum would hide pixels. */
const layerArbitrary = fc.oneof(
  fc
    .record({
      kernelSize: fc.integer({ min: 1, max: 3 }),
      strides: fc.integer({ min: 1, max: 3 }),
      dilationRate: fc.integer({ min: 1, max: 2 }),
      padding: fc.constantFrom('valid' as const, 'same' as const, [1, 0, 2, 1] as const),
    })
    .filter(({ strides, dilationRate }) => strides === 1 || dilationRate === 1)
    .map((options) => () => conv2d({ filters: 2, ...options })),
  fc
    .record({ poolSize: fc.integer({ min: 1, max: 3 }), strides: fc.integer({ min: 1, max: 3 }) })
    .map((options) => () => averagePooling2d({ ...options, padding: 'same' })),
  fc
    .record({ kernelSize: fc.integer({ min: 1, max: 3 }), strides: fc.integer({ min: 1, max: 2 }) })
    .map((options) => () => conv2dTranspose({ filters: 2, ...options, padding: 'same' })),
  fc
    .constantFrom('nearest' as const, 'bilinear' as const)
    .map((interpolation) => () => upSampling2d({ interpolation })),
  fc.constant(() =>
    zeroPadding2d({
      padding: [
        [0, 1],
        [2, 0],
      ],
    }),
  ),
  fc.constant(() =>
    cropping2d({
      cropping: [
        [1, 0],
        [0, 1],
      ],
    }),
  ),
  fc.constant(() => relu()),
);

describe('perturbed pixels', () => {
  test('change a unit exactly where its receptive field says so, for random chains', async () => {
    const property = fc.asyncProperty(
      fc.array(layerArbitrary, { minLength: 1, maxLength: 4 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      async (layers, v, u) => {
        let net: Model;
        try {
          net = sequential([input([7, 8, 1]), ...layers.map((make) => make())]);
        } catch {
          return; // a window larger than what is left
        }
        await positive(net);
        const [h, w] = net.outputShapes[0] as [number, number];
        if (h * w > 400) return;
        const [y, x] = [Math.floor(v * h), Math.floor(u * w)];
        const pixels = new ReceptiveFields(net).pixels(-1, y, x);
        expect(Array.from(pixels)).toEqual(Array.from(await perturbed(net, y, x)));
      },
    );
    await fc.assert(property, { numRuns: 60, seed: 5 });
  });

  test('graphs: paths of different sizes are joined, and holes stay holes', async () => {
    const x = input([12, 12, 1]);
    const long = conv2d({ name: 'long', filters: 2, kernelSize: 3, padding: 'same' }).apply(x);
    const strided = conv2d({ name: 'holes', filters: 2, kernelSize: 1, strides: 2 }).apply(long);
    const short = conv2d({ name: 'short', filters: 2, kernelSize: 1, strides: 2 }).apply(x);
    const sum = add({ name: 'sum' }).apply([strided, short]);
    const wide = conv2d({ name: 'wide', filters: 1, kernelSize: [1, 3], padding: 'same' }).apply(x);
    const thin = averagePooling2d({ name: 'thin', poolSize: 2 }).apply(wide);
    const both = concatenate({ name: 'both' }).apply([sum, thin]);
    const net = await positive(
      model({ inputs: x, outputs: conv2d({ name: 'last', filters: 1, kernelSize: 1 }).apply(both) }),
    );
    const fields = new ReceptiveFields(net);
    expect(Array.from(fields.pixels('last', 2, 3))).toEqual(Array.from(await perturbed(net, 2, 3)));
    expect(fields.of('sum').aligned).toBe(true);
    expect(fields.of('both').aligned).toBe(false); // a window of 2 has its center between pixels
    const holes = new ReceptiveFields(
      sequential([
        input([9, 9, 1]),
        conv2d({ filters: 1, kernelSize: 1, strides: 2 }),
        averagePooling2d({ poolSize: 2 }),
      ]),
    );
    expect(holes.pixels(-1, 0, 0).reduce((sum, one) => sum + one, 0)).toBe(4);
    expect(holes.region(-1, 0, 0)).toEqual({ top: 0, left: 0, height: 3, width: 3 });
  });
});

describe('regions', () => {
  test('borders are cut off, and what sees everything says so', () => {
    const net = sequential([
      ...[input([8, 8, 3]), conv2d({ filters: 2, kernelSize: 5, padding: 'same' }), maxPooling2d()],
      ...[globalAveragePooling2d(), dense({ units: 2 })],
    ]);
    const fields = new ReceptiveFields(net);
    expect(fields.region('conv2d', 0, 0)).toEqual({ top: 0, left: 0, height: 3, width: 3 });
    expect(fields.region('conv2d', 4, 4)).toEqual({ top: 2, left: 2, height: 5, width: 5 });
    expect(fields.region('dense', 0, 0)).toEqual({ top: 0, left: 0, height: 8, width: 8 });
    expect(() => fields.pixels('conv2d', 8, 0)).toThrow(/rows 0 to 7/);
    expect(() => fields.of('conv3d')).toThrow(/no layer "conv3d"/);
  });

  test('a model without a picture is refused', () => {
    expect(() => new ReceptiveFields(sequential([input([5]), dense({ units: 1 })]))).toThrow(/one picture/);
    expect(new ReceptiveFields(sequential([input([4, 4, 1]), flatten()])).of('flatten').field).toBe('whole');
  });

  test('in the photo: back through crop and resizing, padding cut off', () => {
    const frame = {
      resize: { mode: 'shortSide' as const, to: 256, interpolation: 'bilinear' as const },
      crop: [224, 224] as const,
    };
    // 512 × 1024 → 256 × 512, the middle 224 × 224 begins at row 16 and column 144.
    expect(placePhoto(512, 1024, frame)).toMatchObject({ height: 256, width: 512, top: -16, left: -144 });
    expect(photoRegion({ top: 0, left: 10, height: 224, width: 20 }, 512, 1024, frame)).toEqual({
      ...{ top: 32, left: 308, height: 448, width: 40 },
    });
    const padded = { resize: { ...frame.resize, mode: 'pad' as const, to: 100 }, crop: [100, 100] as const };
    // 50 × 100 fills the rows 25 to 75.
    expect(photoRegion({ top: 0, left: 0, height: 50, width: 50 }, 50, 100, padded)).toEqual({
      ...{ top: 0, left: 0, height: 25, width: 50 },
    });
    expect(photoRegion({ top: 0, left: 0, height: 10, width: 50 }, 50, 100, padded).height).toBe(0);
  });
});
