import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../engines/engine.js';
import { createWasmEngine } from '../../engines/wasm/index.js';
import type { Model } from '../../model/model.js';
import { Tensor } from '../../tensor/tensor.js';
import { randomBatch, run } from '../../testing/runModel.js';
import { finetune } from '../../train/finetune/finetune.js';
import { predict } from '../../train/predict.js';
import { mobileNet } from '../../zoo/mobileNet.js';
import { zoo } from '../../zoo/zoo.js';
import { loadWeights } from '../loadWeights.js';
import { readNpy, writeNpy } from '../npy.js';
import { amplify, calibrate, furthest, limitFor } from '../testing/networks.js';
import { readKeras } from './kerasFile.js';
import { modelFromKeras } from './modelFromKeras.js';
import { everyLayer, sharedLayers, withOwnNumbers } from './testing/models.js';
import { writeKeras } from './writeKeras.js';

const PYTHON = process.env.FOVEA_PYTHON ?? '/usr/bin/python3';
const SCRIPT = join(import.meta.dirname, 'testing/realKeras.py');
const present = spawnSync(PYTHON, ['-c', 'import importlib.util as u; assert u.find_spec("keras")']).status === 0;
const INSTALL = 'python3 -m venv VENV && VENV/bin/pip install keras tensorflow-cpu, then FOVEA_PYTHON=VENV/bin/python';

/** TensorFlow takes a minute, JAX, which compiles every operation, several. */
const PATIENCE = 600_000;
const keras = (...args: string[]) => promisify(execFile)(PYTHON, [SCRIPT, ...args], { maxBuffer: 2 ** 26 });
const array = (path: string): Tensor<'float32'> => {
  const { data, shape } = readNpy(readFileSync(path), path);
  return new Tensor<'float32'>(data as Float32Array, shape);
};
/** The arrays NAME.x0.npy, NAME.x1.npy … of a folder. */
const arrays = (folder: string, name: string) =>
  readdirSync(folder)
    .filter((file) => file.startsWith(name) && /^\d+\.npy$/.test(file.slice(name.length)))
    .sort()
    .map((file) => array(join(folder, file)));

describe.skipIf(!present)(
  present ? 'with Keras 3 itself' : `with Keras 3 itself: skipped, ${PYTHON} has no keras; ${INSTALL}`,
  () => {
    let engine: Engine;
    let folder: string;

    beforeAll(async () => {
      engine = await createWasmEngine({ threads: 2 });
      folder = await mkdtemp(join(tmpdir(), 'fovea-keras-'));
      return async () => {
        await engine.close();
        await rm(folder, { recursive: true });
      };
    });

    const outputs = async (net: Model, x: readonly Tensor<'float32'>[]) =>
      x.length === 1 && net.outputShapes.length === 1
        ? [await predict(net, x[0] as Tensor<'float32'>, { engine })]
        : run(net, x);

    describe('what Keras writes', () => {
      const kinds = 'chain graph nested nested_sequential operators trained mobilenet mobilenet_v2 efficientnet_b0';
      beforeAll(async () => {
        await keras('write', folder, ...kinds.split(' '));
      }, PATIENCE);

      test.each(kinds.split(' '))('%s: the same predictions from .keras, .h5 and .weights.h5', async (name) => {
        const [x, expected] = [arrays(folder, `${name}.x`), arrays(folder, `${name}.y`)];
        const close = async (net: Model) => {
          const found = await outputs(net, x);
          expect(found.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
          for (const [i, { data }] of found.entries()) {
            expect(furthest(data, expected[i]?.data as Float32Array)).toBeLessThan(limitFor(data));
          }
        };
        for (const ending of ['keras', 'h5']) {
          const { model, notes } = await modelFromKeras(readFileSync(join(folder, `${name}.${ending}`)));
          expect(notes).toEqual([]);
          await close(model);
          if (ending !== 'keras') continue;
          const zeros = model.weights.map(({ weight: { variable } }) => {
            return new Tensor<'float32'>(new Float32Array(variable.size), variable.shape);
          });
          await model.setWeights(zeros);
          const file = await readKeras(readFileSync(join(folder, `${name}.weights.h5`)));
          const report = await loadWeights(model, file.tensors, { layout: file.layout });
          expect(report).toMatchObject({ missing: [], misfits: [] });
          await close(model);
        }
      });
    });

    describe('what Keras reads', () => {
      /** GoogLeNet and CIFAR's ResNets have layers that Keras has not; the names of others are theirs with other sizes. */
      const networks: readonly (readonly [string, () => Model | Promise<Model>])[] = [
        ...Object.entries(zoo)
          .filter(([name]) => !/googlenet|cifar|vgg19|resnet34|vgg16_course$/.test(name))
          .map(([name, { build }]) => [name, () => build({ inputShape: [64, 64, 3], classes: 3 })] as const),
        ['every_layer', everyLayer],
        ['shared_layers', sharedLayers],
        ['fine_tuned', () => fineTuned()],
      ];
      const expected = new Map<string, readonly Tensor<'float32'>[]>();

      async function fineTuned(): Promise<Model> {
        const base = mobileNet({ inputShape: [64, 64, 3], alpha: 0.25 });
        return finetune(await calibrate(await amplify(base), engine), 2);
      }

      beforeAll(async () => {
        for (const [name, build] of networks) {
          const net = await build();
          await (net.inputShapes.length > 1 || name === 'every_layer'
            ? withOwnNumbers(net)
            : name !== 'fine_tuned' && calibrate(await amplify(net), engine));
          const x = net.inputShapes.map((shape, i) => randomBatch(shape, 2, `x${i}`));
          expected.set(name, await outputs(net, x));
          for (const [i, one] of x.entries()) await writeFile(join(folder, `${name}.x${i}.npy`), writeNpy(one));
          await writeFile(join(folder, `${name}.keras`), await writeKeras(net));
        }
        await keras('open', folder);
      }, PATIENCE);

      test.each(networks.map(([name]) => name))('%s: the same predictions', async (name) => {
        const refused = join(folder, `${name}.error.txt`);
        expect(existsSync(refused) ? readFileSync(refused, 'utf8') : '').toBe('');
        const found = arrays(folder, `${name}.y`);
        expect(found.length).toBe(expected.get(name)?.length);
        for (const [i, { data, shape }] of (expected.get(name) ?? []).entries()) {
          expect(found[i]?.shape).toEqual(shape);
          expect(furthest(data, found[i]?.data as Float32Array)).toBeLessThan(limitFor(data));
        }
      });
    });
  },
);
