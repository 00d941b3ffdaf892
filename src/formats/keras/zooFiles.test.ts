import { expect, test } from 'vitest';
import { efficientNetB0 } from '../../zoo/efficientNet.js';
import { googLeNet } from '../../zoo/googLeNet.js';
import { mobileNet } from '../../zoo/mobileNet.js';
import { mobileNetV2 } from '../../zoo/mobileNetV2.js';
import { resNet18 } from '../../zoo/resNet.js';
import { resNet20Cifar } from '../../zoo/resNetCifar.js';
import { squeezeNet10 } from '../../zoo/squeezeNet.js';
import { vgg16 } from '../../zoo/vgg.js';
import { vgg16Bn } from '../../zoo/vggBatchNorm.js';
import { vgg16CourseBatchNorm } from '../../zoo/vggCourse.js';
import { modelFromKeras } from './modelFromKeras.js';
import { writeKeras } from './writeKeras.js';

test.each([efficientNetB0, mobileNetV2, resNet18, squeezeNet10])(
  '%o comes back from a .keras file',
  async (make) => {
    const net = make();
    const { model, notes } = await modelFromKeras(await writeKeras(net));
    expect(notes).toEqual([]);
    expect(model.countParameters()).toEqual(net.countParameters());
    const weights = new Map((await model.getWeights()).map((tensor, i) => [model.weights[i]?.path, tensor.data]));
    for (const [i, { data }] of (await net.getWeights()).entries()) {
      expect(weights.get(net.weights[i]?.path)?.every((value, k) => value === data[k])).toBe(true);
    }
  },
  60_000,
);

const small = { inputShape: [32, 32, 3], classes: 2 };
test.each([
  ['vgg16', () => vgg16(small)],
  ['vgg16_bn', () => vgg16Bn(small)],
  ['vgg16_course_bn', () => vgg16CourseBatchNorm(small)],
  ['mobilenet', () => mobileNet()],
])(
  '%s comes back from a .keras file, with small pictures where it is VGG',
  async (_, make) => {
    const net = make();
    const { model, notes } = await modelFromKeras(await writeKeras(net));
    expect(notes).toEqual([]);
    expect(model.weights.map(({ path }) => path)).toEqual(net.weights.map(({ path }) => path));
    for (const [i, { weight }] of net.weights.entries()) {
      const back = (await model.weights[i]?.weight.variable.read()) ?? new Float32Array();
      expect(Buffer.compare(Buffer.from(back.buffer), Buffer.from((await weight.variable.read()).buffer))).toBe(0);
    }
  },
  60_000,
);

test.each([
  ['localResponseNormalization', googLeNet],
  ['channelPadding', resNet20Cifar],
])('Keras has no layer for %s', async (type, make) => {
  await expect(writeKeras(make())).rejects.toThrow(new RegExp(`writeKeras, ${type} ".*Keras has no such layer`));
});
