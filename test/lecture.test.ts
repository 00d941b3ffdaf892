import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { interpret } from '../src/engines/reference/interpret.js';
import { conv2d } from '../src/layers/conv2d.js';
import { dense } from '../src/layers/dense.js';
import { flatten } from '../src/layers/flatten.js';
import { input } from '../src/layers/input.js';
import type { Layer } from '../src/layers/layer.js';
import { maxPooling2d } from '../src/layers/maxPooling2d.js';
import { softmax } from '../src/layers/softmax.js';
import { zeroPadding2d } from '../src/layers/zeroPadding2d.js';
import type { Model } from '../src/model/model.js';
import { sequential } from '../src/model/sequential.js';
import { Graph, type Value } from '../src/ops/graph.js';
import { opTable } from '../src/ops/table.js';
import { type Tensor, tensor } from '../src/tensor/tensor.js';
import { modelOf, run } from '../src/testing/runModel.js';
import { sharedData } from '../src/testing/sharedData.js';

/** The examples of the lecture on convolution, as it shows them. */

type Rows = readonly (readonly number[])[];

const top: Rows = [
  [-1, -1, -1],
  [1, 1, 1],
  [0, 0, 0],
];

/** A quarter turn against the clock, as NumPy's rot90. */
const turn = (rows: Rows): Rows => rows.map((_, i) => rows.map((row) => row[rows.length - 1 - i] as number));
const turns = (rows: Rows): Rows[] => [rows, turn(rows), turn(turn(rows)), turn(turn(turn(rows)))];

/** Height by width lists as an image of one channel, in a batch of one. */
const image = (rows: Rows): Tensor<'float32'> => tensor(rows.flat(), [1, rows.length, rows[0]?.length ?? 0, 1]);

/** One channel of the only image as lists. */
function channel(y: Tensor, c: number): number[][] {
  const [, h, w, channels] = y.shape as [number, number, number, number];
  return Array.from({ length: h }, (_, i) =>
    Array.from({ length: w }, (_, j) => y.data[(i * w + j) * channels + c] as number),
  );
}

/** Filters [k, k] each as a kernel [k, k, 1, number of filters]. */
function kernelOf(filters: readonly Rows[]): Tensor<'float32'> {
  const size = filters[0]?.length ?? 0;
  const values = Array.from({ length: size * size * filters.length }, (_, i) => {
    const [at, f] = [Math.floor(i / filters.length), i % filters.length];
    return filters[f]?.[Math.floor(at / size)]?.[at % size] as number;
  });
  return tensor(values, [size, size, 1, filters.length]);
}

describe('the filter `top` finds upper edges', () => {
  const seven: Rows = ['.......', '.#####.', '.....#.', '....#..', '...#...', '...#...', '.......'].map((row) =>
    [...row].map((pixel) => (pixel === '#' ? 1 : 0)),
  );

  async function filtered(digit: Rows): Promise<number[][][]> {
    const layer = conv2d({ filters: 4, kernelSize: 3, padding: 'same', useBias: false });
    const net = modelOf(layer, [[7, 7, 1]]);
    await net.setWeights([kernelOf(turns(top))]);
    const [y] = await run(net, [image(digit)]);
    return [0, 1, 2, 3].map((c) => channel(y as Tensor, c));
  }

  test('of a seven: 3 along its stroke, −3 below it', async () => {
    const [edges] = await filtered(seven);
    expect(edges?.slice(0, 4)).toEqual([
      [0, 0, 0, 0, 0, 0, 0],
      [1, 2, 3, 3, 3, 2, 1],
      [-1, -2, -3, -3, -2, -1, 0],
      [0, 0, 0, 1, 0, 0, -1],
    ]);
    expect(Math.max(...(edges?.flat() ?? []))).toBe(3);
    expect(Math.min(...(edges?.flat() ?? []))).toBe(-3);
  });

  test('its quarter turns find the other three edges', async () => {
    expect(turn(top)).toEqual([
      [-1, 1, 0],
      [-1, 1, 0],
      [-1, 1, 0],
    ]);
    const upright = await filtered(seven);
    const turned = await filtered(turn(seven));
    for (let i = 0; i < 4; i++) expect(turned[(i + 1) % 4]).toEqual(turn(upright[i] ?? []));
  });
});

test('28×28 → zero padding 30×30 → 12 filters → 28×28×12 → a second layer of 3×3×12 filters', async () => {
  const net = sequential([
    input([28, 28, 1]),
    zeroPadding2d(),
    conv2d({ filters: 12, kernelSize: 3, activation: 'relu' }),
    conv2d({ filters: 5, kernelSize: 3 }),
  ]);
  expect(net.layers.map((layer) => net.layerOutput(layer.name).shape)).toEqual([
    [30, 30, 1],
    [28, 28, 12],
    [26, 26, 5],
  ]);
  const [first, second] = [net.layer(1), net.layer(2)] as [Layer, Layer];
  expect(first.weights.map(({ variable }) => variable.shape)).toEqual([[3, 3, 1, 12], [12]]);
  expect(second.weights.map(({ variable }) => variable.shape)).toEqual([[3, 3, 12, 5], [5]]);
  const [y] = await run(net, [tensor(new Array(784).fill(0.5), [1, 28, 28, 1])]);
  expect(y?.shape).toEqual([1, 26, 26, 5]);
});

test('4×4 → max pooling 2×2 → the largest of each quarter', async () => {
  const x = image([
    [1, 9, 2, 3],
    [4, 5, 6, 7],
    [8, 1, 0, 2],
    [3, 2, 1, 1],
  ]);
  const [y] = await run(modelOf(maxPooling2d(), [[4, 4, 1]]), [x]);
  expect(channel(y as Tensor, 0)).toEqual([
    [9, 7],
    [8, 2],
  ]);
});

describe('the spreadsheet of softmax and cross-entropy', () => {
  const outputs = [-2.0756151, -0.1117147, 1.2699461, -0.9518479, 1.4501606]; // cat, dog, plane, fish, building
  const shares = [0.0135943, 0.0968877, 0.3857593, 0.0418219, 0.4619368];

  test('softmax', async () => {
    const [y] = await run(modelOf(softmax(), [[5]]), [tensor([outputs])]);
    shares.forEach((share, i) => {
      expect(y?.data[i]).toBeCloseTo(share, 7);
    });
  });

  test('cross-entropy of each class, in nats', () => {
    const graph = new Graph(opTable);
    const logits = graph.input('logits', [5, 5]);
    const labels = graph.input('labels', [5], 'int32');
    const [loss] = graph.emit('sparseSoftmaxCrossEntropy', [logits, labels], { labelSmoothing: 0 });
    const known = interpret(graph, { inputs: { logits: new Array(5).fill(outputs).flat(), labels: [0, 1, 2, 3, 4] } });
    shares.forEach((share, i) => {
      expect(known.get(loss)?.[i]).toBeCloseTo(-Math.log(share), 5);
    });
  });

  // the sheet's LOG is of base 10, the library's loss is in nats
  test.each([
    { isCat: 1, prediction: 0.5, log10: 0.30103 },
    { isCat: 1, prediction: 0.98, log10: 0.0087739 },
    { isCat: 0, prediction: 0.9, log10: 1 },
    { isCat: 0, prediction: 0.5, log10: 0.30103 },
    { isCat: 1, prediction: 0.9, log10: 0.0457575 },
  ])('cat $isCat, predicted $prediction', ({ isCat, prediction, log10 }) => {
    const graph = new Graph(opTable);
    const logits = graph.input('logits', [1]);
    const targets = graph.input('targets', [1]);
    const [loss] = graph.emit('binaryCrossEntropy', [logits, targets], { labelSmoothing: 0 });
    const known = interpret(graph, { inputs: { logits: [Math.log(prediction / (1 - prediction))], targets: [isCat] } });
    expect((known.get(loss)?.[0] as number) / Math.LN10).toBeCloseTo(log10, 6);
  });
});

const sheet = sharedData('../reference/golden/conv-example.json');

describe.skipIf(!existsSync(sheet))('the spreadsheet network', () => {
  type Cells = { [K in 'input' | 'f11' | 'f21']: number[][] } & {
    [K in 'f12' | 'f22' | 'conv1' | 'conv2' | 'pool' | 'dense']: number[][][];
  } & { activation: number };
  const read = (): Cells => JSON.parse(readFileSync(sheet, 'utf8'));
  const net = (): Model =>
    sequential([
      input([28, 28, 1]),
      conv2d({ filters: 2, kernelSize: 3, useBias: false, name: 'conv1' }),
      conv2d({ filters: 2, kernelSize: 3, useBias: false, name: 'conv2' }),
      maxPooling2d({ name: 'pool' }),
      flatten(),
      dense({ units: 1, useBias: false }),
    ]);

  /** Channels apart → channels last; the sheet's last column of the later blocks is empty. */
  const channelsLast = (maps: number[][][], columns: number): number[] =>
    (maps[0] ?? []).flatMap((row, i) => row.slice(0, columns).flatMap((_, j) => maps.map((map) => map[i]?.[j] ?? 0)));

  function weightsOf(cells: Cells): number[][] {
    const { f11, f21, f12, f22 } = cells;
    const second = [0, 1, 2].flatMap((i) =>
      [0, 1, 2].flatMap((j) => [0, 1].flatMap((c) => [f12, f22].map((filter) => filter[c]?.[i]?.[j] as number))),
    );
    return [channelsLast([f11, f21], 3), second, channelsLast(cells.dense, 12)];
  }

  test('comes to 1814.9177220748, and every block before it agrees', () => {
    const cells = read();
    const graph = new Graph(opTable);
    const model = net();
    const trace = model.trace(graph, [graph.input('x', [1, 28, 28, 1])], { training: false });
    const weights = weightsOf(cells);
    const variables = new Map(
      model.weights.map(({ weight }, i) => [graph.variable(weight.variable), weights[i] ?? []]),
    );
    const known = interpret(graph, { inputs: { x: cells.input.flat() }, variables });
    const valuesOf = (name: string): number[] =>
      Array.from(known.get(trace.layerOutputs.get(model.layer(name)) as Value) ?? []);
    const blocks = { conv1: 26, conv2: 24, pool: 12 } as const;
    for (const [name, columns] of Object.entries(blocks) as ['conv1', number][]) {
      const expected = channelsLast(cells[name], columns);
      const found = valuesOf(name);
      expect(found.length).toBe(expected.length);
      expect(Math.max(...found.map((x, i) => Math.abs(x - (expected[i] as number))))).toBeLessThan(1e-11);
    }
    expect(known.get(trace.outputs[0] as Value)?.[0]).toBeCloseTo(1814.9177220748, 9);
  });

  test('comes to the same in float32, to six digits', async () => {
    const cells = read();
    const model = net();
    const weights = weightsOf(cells);
    await model.setWeights(model.weights.map(({ weight }, i) => tensor(weights[i] ?? [], weight.variable.shape)));
    const [y] = await run(model, [image(cells.input)]);
    expect(Math.abs((y?.data[0] as number) - 1814.9177220748)).toBeLessThan(1e-3);
  });
});

describe('the networks of the lecture have as many parameters as it says', () => {
  const conv = (filters: number): Layer => conv2d({ filters, kernelSize: 3, activation: 'relu' });

  test.each([
    { name: 'linear', parameters: 7_850, layers: () => [flatten(), dense({ units: 10, activation: 'softmax' })] },
    {
      name: 'one hidden layer of 512',
      parameters: 407_050,
      layers: () => [flatten(), dense({ units: 512, activation: 'relu' }), dense({ units: 10, activation: 'softmax' })],
    },
    {
      name: 'convolutional',
      parameters: 594_922,
      layers: () => [
        ...[conv(32), conv(32), maxPooling2d(), conv(64), conv(64), maxPooling2d(), flatten()],
        dense({ units: 512, activation: 'relu' }),
        dense({ units: 10, activation: 'softmax' }),
      ],
    },
  ])('$name: $parameters', ({ parameters, layers }) => {
    const net = sequential([input([28, 28, 1]), ...layers()]);
    expect(net.countParameters()).toEqual({ total: parameters, trainable: parameters, nonTrainable: 0 });
  });
});

describe('VGG16', () => {
  function vgg16(): Model {
    const layers: Layer[] = [];
    [
      [64, 2],
      [128, 2],
      [256, 3],
      [512, 3],
      [512, 3],
    ].forEach(([filters = 0, convolutions], i) => {
      for (let k = 1; k <= (convolutions ?? 0); k++) {
        const name = `block${i + 1}_conv${k}`;
        layers.push(conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu', name }));
      }
      layers.push(maxPooling2d({ name: `block${i + 1}_pool` }));
    });
    return sequential(
      [
        input([224, 224, 3]),
        ...layers,
        flatten({ name: 'flatten' }),
        dense({ units: 4096, activation: 'relu', name: 'fc1' }),
        dense({ units: 4096, activation: 'relu', name: 'fc2' }),
        dense({ units: 1000, activation: 'softmax', name: 'predictions' }),
      ],
      { name: 'vgg16' },
    );
  }

  // name, output shape, parameters, multiply-adds
  const table = `
    block1_conv1 224,224,64    1,792         86,704,128
    block1_conv2 224,224,64    36,928        1,849,688,064
    block1_pool  112,112,64    0             0
    block2_conv1 112,112,128   73,856        924,844,032
    block2_conv2 112,112,128   147,584       1,849,688,064
    block2_pool  56,56,128     0             0
    block3_conv1 56,56,256     295,168       924,844,032
    block3_conv2 56,56,256     590,080       1,849,688,064
    block3_conv3 56,56,256     590,080       1,849,688,064
    block3_pool  28,28,256     0             0
    block4_conv1 28,28,512     1,180,160     924,844,032
    block4_conv2 28,28,512     2,359,808     1,849,688,064
    block4_conv3 28,28,512     2,359,808     1,849,688,064
    block4_pool  14,14,512     0             0
    block5_conv1 14,14,512     2,359,808     462,422,016
    block5_conv2 14,14,512     2,359,808     462,422,016
    block5_conv3 14,14,512     2,359,808     462,422,016
    block5_pool  7,7,512       0             0
    flatten      25088         0             0
    fc1          4096          102,764,544   102,760,448
    fc2          4096          16,781,312    16,777,216
    predictions  1000          4,097,000     4,096,000`;

  test('has the table of the lecture, and showing it makes no weights', () => {
    const before = process.memoryUsage().arrayBuffers;
    const net = vgg16();
    const text = net.summary();
    const { rows, parameters, cost } = net.summaryData({ cost: true });
    const number = (written = ''): number => Number(written.replaceAll(',', ''));
    const expected = table
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .map(([name, shape = '', count, macs]) => [name, shape.split(',').map(Number), number(count), number(macs)]);
    expect(rows.map((row) => [row.name, row.outputShape, row.parameters, row.cost?.macs])).toEqual(expected);
    expect(parameters).toEqual({ total: 138_357_544, trainable: 138_357_544, nonTrainable: 0 });
    expect(Math.round((cost?.macs ?? 0) / 1e6)).toBe(15_470);
    expect(text).toMatch(/\nblock5_conv3 \(conv2d\) +\[\?, 14, 14, 512\] +2,359,808 +yes\n/);
    expect(text).toMatch(
      /Total params: 138,357,544 \(527\.8 MiB\)\nTrainable params: 138,357,544\nNon-trainable params: 0\n/,
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20);
  });

  test('two cats and dogs instead of a thousand classes: 134,268,738', () => {
    const net = vgg16();
    net.pop();
    net.trainable = false;
    net.add(dense({ units: 2, activation: 'softmax' }));
    expect(net.countParameters()).toEqual({ total: 134_268_738, trainable: 8_194, nonTrainable: 134_260_544 });
  });
});
