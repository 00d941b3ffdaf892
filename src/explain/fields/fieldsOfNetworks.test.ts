import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../engines/engine.js';
import { createWasmEngine } from '../../engines/wasm/index.js';
import type { Model } from '../../model/model.js';
import { sizeOf } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { resNet18 } from '../../zoo/resNet.js';
import { vgg16 } from '../../zoo/vgg.js';
import { Inspector } from '../inspector.js';
import { type AxisField, ReceptiveFields } from './receptiveField.js';

// Winograd's sums cancel but for rounding, so that units beyond the field would answer with 1e-8.
let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine({ threads: 2, convolution: 'direct' });
});
afterAll(() => engine.close());

/** Kernels that take means, no biases, normalization that changes nothing: what is not negative can never cancel. */
async function onlyMeans(net: Model): Promise<void> {
  for (const { weights } of net.layers) {
    for (const { name, variable } of weights) {
      const { shape } = variable;
      const one = name === 'gamma' || name === 'movingVariance' ? 1 : 0;
      const value = shape.length > 1 ? (shape.at(-1) as number) / sizeOf(shape) : one;
      await variable.write(new Float32Array(sizeOf(shape)).fill(value));
    }
  }
}

/** Whether a pixel lies between the first and the last that a unit sees along one axis. */
function covers({ size, stride, start }: AxisField, unit: number, pixel: number): boolean {
  const first = start + stride * unit;
  return pixel >= first && pixel < first + size;
}

/**
 * Lights one pixel of a black picture. The units of a layer that answer must be those whose receptive field it lies in: this
 * tries size, stride and start of all units of all layers at once, and maxima hide nothing where all else is 0.
 */
async function lightPixel(net: Model, layers: readonly string[], y: number, x: number): Promise<void> {
  const [h, w, c] = net.inputShapes[0] as [number, number, number];
  const picture = new Float32Array(h * w * c);
  picture.fill(1, (y * w + x) * c, (y * w + x + 1) * c);
  const inspector = new Inspector(net, engine);
  const fields = new ReceptiveFields(net);
  const places = layers.map((layer) => ({ layer }));
  const outputs = await inspector.forward(new Tensor(picture, [1, h, w, c]), places);
  for (const [i, layer] of layers.entries()) {
    const { data, shape } = outputs[i] as Tensor<'float32'>;
    const [, rows = 0, columns = 0, channels = 0] = shape;
    const { field } = fields.of(layer);
    if (field === 'whole') throw new Error(`${layer} sees everything`);
    const inRow = Array.from({ length: rows }, (_, row) => covers(field.rows, row, y));
    const inColumn = Array.from({ length: columns }, (_, column) => covers(field.columns, column, x));
    const wrong: string[] = [];
    for (let unit = 0; unit < rows * columns; unit++) {
      const [row, column] = [Math.floor(unit / columns), unit % columns];
      const answers = (data[unit * channels] as number) > 0;
      if (answers !== (inRow[row] === true && inColumn[column] === true)) wrong.push(`${row}, ${column}`);
    }
    expect(wrong, `${layer} of ${net.name}, pixel ${y}, ${x}`).toEqual([]);
  }
}

describe('one pixel reaches exactly the units whose receptive field it lies in', () => {
  test('VGG16, every layer', async () => {
    const net = vgg16({ includeTop: false });
    await onlyMeans(net);
    const layers = net.layers
      .filter(({ type }) => type === 'conv2d' || type === 'maxPooling2d')
      .map(({ name }) => name);
    expect(layers).toHaveLength(18);
    await lightPixel(net, layers, 101, 130);
  });

  test('ResNet-18, the end of every block', async () => {
    const net = resNet18();
    await onlyMeans(net);
    const blocks = [1, 2, 3, 4].flatMap((stage) => [0, 1].map((block) => `layer${stage}.${block}.relu`));
    for (const [y, x] of [[112, 97], [0, 223]] as const) await lightPixel(net, ['relu', 'maxpool', ...blocks], y, x); // biome-ignore format: places
  });
});
