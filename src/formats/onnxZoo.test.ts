import { beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../engines/engine.js';
import { createWasmEngine } from '../engines/wasm/index.js';
import type { Model } from '../model/model.js';
import type { Tensor } from '../tensor/tensor.js';
import { randomBatch } from '../testing/runModel.js';
import { predict } from '../train/predict.js';
import { cnn, cnnBatchNorm, linear, mlp } from '../zoo/lecture.js';
import { zoo } from '../zoo/zoo.js';
import { readOnnx, writeOnnx } from './onnx.js';
import { amplify, calibrate, furthest, limitFor } from './testing/networks.js';
import { noOrt, ort, runOrt } from './testing/onnxRuntime.js';

/** The VGGs and ResNets for ImageNet take smaller pictures than published: their time goes into weights and pixels alike. */
const networks: readonly (readonly [string, () => Model])[] = [
  ...Object.entries(zoo).map(([name, { build }]) => {
    const small = /^(vgg|resnet\d+$)/.test(name) ? { inputShape: [64, 64, 3] } : {};
    return [name, () => build(small)] as const;
  }),
  ...Object.entries({ linear, mlp, cnn, cnnBatchNorm }).map(([name, build]) => [name, () => build()] as const),
];

describe(`every network of the zoo, read back and run${ort === undefined ? ` (in onnxruntime-node: ${noOrt})` : ', in onnxruntime-node too'}`, () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await createWasmEngine({ threads: 2 });
    return () => engine.close();
  });

  test.each(networks)('%s', { timeout: 120_000 }, async (_, build) => {
    const net = await calibrate(await amplify(build()), engine);
    const [shape] = net.inputShapes as [number[]];
    const x = randomBatch(shape, 2);
    const { data } = await predict(net, x, { engine });
    const bytes = await writeOnnx(net);
    const { model: back } = await readOnnx(bytes);
    const again = await predict(back, x, { engine });
    const limit = limitFor(data);
    expect(furthest(data, again.data)).toBeLessThan(limit);
    if (ort === undefined) return;
    const [native] = await runOrt(bytes, [x]);
    expect(furthest(data, (native as Tensor<'float32'>).data)).toBeLessThan(limit);
  });
});
