import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { normalizePixels } from '../../data/photos/preprocessing.js';
import type { Engine } from '../../engines/engine.js';
import { createWasmEngine } from '../../engines/wasm/index.js';
import { readSafetensors } from '../../formats/safetensors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { sharedData } from '../../testing/sharedData.js';
import { buildPretrained, weightSource } from '../../zoo/pretrained.js';
import { zooEntry } from '../../zoo/zoo.js';
import { mapMaker } from '../explainPhoto.js';
import { Inspector } from '../inspector.js';
import type { AttributionMethod } from '../maps/attribution.js';
import { classMap } from '../maps/classMap.js';
import { project } from '../maps/gradients.js';
import { checkMaps, type MapMaker } from './controls.js';

/** Networks with their published weights on a real photo: the data of ../shared, which FOVEA_SHARED can place elsewhere. */
const data = sharedData();
const photo = join(data, 'images/golden-crops-224/coral_cat.png');
const present = existsSync(photo);
const TABBY_TO_EGYPTIAN = [281, 282, 283, 284, 285];

describe.skipIf(!present)(present ? 'trained networks' : 'trained networks: skipped, no data in ../shared', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createWasmEngine({ threads: 2 });
  });
  afterAll(() => engine?.close());

  test.each([
    ['squeezenet1_1', 'squeezenet1_1-caffe', 'conv10'],
    ['mobilenet', 'mobilenet-0.75-tfjs', 'conv_pw_13_relu'],
  ] as const)(
    '%s: evidence adds up to the margin; controls tell Grad-CAM from guided backpropagation',
    async (...row) => {
      const [network, id, layer] = row;
      const entry = zooEntry(network);
      const source = weightSource(entry, id);
      const bytes = readFileSync(join(data, 'weights', source.file));
      const { model, preprocessing } = await buildPretrained(entry, source, readSafetensors(bytes, source.file));
      const pixels = await sharp(photo).removeAlpha().raw().toBuffer();
      const x = normalizePixels(pixels, [1, 224, 224, 3], preprocessing);
      const inspector = new Inspector(model, engine);
      model.trainable = false;
      const [map] = await classMap(inspector, x);
      if (map?.target.kind !== 'margin') throw new Error('no margin');
      expect(TABBY_TO_EGYPTIAN).toContain(map.target.class);
      expect(map).toMatchObject({ linearHead: true, place: { layer } });
      expect(Math.abs(map.residual)).toBeLessThan(1e-4 * Math.max(1, Math.abs(map.targetValue)));
      const check = (make: MapMaker, images: Tensor<'float32'> = x) =>
        checkMaps(inspector, images, make, { displaced: 1, shares: [0.3], runStages: 1 });
      const gradCam = await check(async (inside, one, target) => {
        const [made] = await classMap(inside, one, { target, method: 'gradCam' });
        return made as NonNullable<typeof made>;
      });
      const guided = await check(async (inside, one, target) => {
        const [made] = await project(inside, one, { target, rule: 'guided' });
        return made as NonNullable<typeof made>;
      });
      expect(gradCam.weights.passed, `Grad-CAM ${gradCam.weights.value}`).toBe(true);
      expect(guided.weights.passed, `guided ${guided.weights.value}`).toBe(false);
    },
  );

  test('ResNet-20 on CIFAR-10, which had no part in choosing the limit: the same', async () => {
    const entry = zooEntry('resnet20_cifar10');
    const source = weightSource(entry, 'resnet20_cifar10');
    const bytes = readFileSync(join(data, 'weights', source.file));
    const { model, preprocessing } = await buildPretrained(entry, source, readSafetensors(bytes, source.file));
    const sheet = sharp(join(data, 'cifar10/sheets/cifar10_batch_50.png')); // a picture a row
    const pixels = await sheet.extract({ left: 0, top: 0, width: 1024, height: 8 }).removeAlpha().raw().toBuffer();
    const x = normalizePixels(pixels, [8, 32, 32, 3], preprocessing);
    const kept = async (method: AttributionMethod) => {
      const options = { displaced: 1, shares: [0.3], runStages: 1 };
      const { weights, photos } = await checkMaps(new Inspector(model, engine), x, mapMaker(method), options);
      expect(photos).toBe(8);
      return weights;
    };
    expect(await kept('gradCam')).toMatchObject({ passed: true });
    expect(await kept('hiResCam')).toMatchObject({ passed: true });
    expect(await kept('guided')).toMatchObject({ passed: false });
  });
});
