import { throwIfAborted } from '../../tensor/abort.js';
import { FoveaError } from '../../tensor/errors.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';
import type { Inspector } from '../inspector.js';
import type { UnitTarget } from '../target.js';
import type { MaximizedImage, MaximizeOptions } from './maximize.js';
import { colorShape, NetworkColors } from './networkColors.js';

/** What keeps a picture from becoming noise while its pixels climb, per step. */
export interface PixelRegularizers {
  /** Share by which pixels move to the mean gray. */
  readonly decay: number;
  /** Gaussian blur of so many pixels, every so many steps; 0 for none. */
  readonly blur: number;
  readonly blurEvery: number;
  /** Percent of the pixels, those of least color, that become gray. */
  readonly smallNorm: number;
  /** Percent of the pixels, those that contribute least to the unit, that become gray. */
  readonly smallContribution: number;
  readonly steps: number;
  /** Factor of the gradient by pixels of 0 to 255, or by how much the unit is to rise in each step. */
  readonly learningRate: number | { readonly progress: number };
}

/** The four settings of Yosinski, Clune, Nguyen, Fuchs & Lipson (2015); the first made most of that paper's pictures. */
export const pixelPresets: readonly PixelRegularizers[] = [
  { decay: 0.0001, blur: 1, blurEvery: 4, smallNorm: 0, smallContribution: 0, steps: 1000, learningRate: 100 },
  { decay: 0, blur: 0.5, blurEvery: 4, smallNorm: 50, smallContribution: 0, steps: 500, learningRate: { progress: 2 } },
  { decay: 0.3, blur: 0, blurEvery: 1, smallNorm: 20, smallContribution: 0, steps: 750, learningRate: 100 },
  {
    decay: 0,
    blur: 0.5,
    blurEvery: 4,
    smallNorm: 0,
    smallContribution: 90,
    steps: 1000,
    learningRate: { progress: 2 },
  },
];

export interface MaximizePixelsOptions
  extends Pick<MaximizeOptions, 'preprocessing' | 'seed' | 'signal' | 'onProgress'>,
    Partial<PixelRegularizers> {
  /** One of {@link pixelPresets}, whose settings others replace. @default 0 */
  readonly preset?: number;
}

/**
 * Makes a picture that excites a unit by gradient ascent on its pixels, with the regularizers of Yosinski et al. 2015. As for
 * `maximizeUnit`: such a picture is not what a unit looks for in photos.
 *
 * @throws FoveaError `option` for a preset that does not exist, `shape` where the model does not take color pictures.
 */
export async function maximizePixels(
  inspector: Inspector,
  target: UnitTarget,
  { preprocessing, preset = 0, seed = 0, signal, onProgress, ...own }: MaximizePixelsOptions,
): Promise<MaximizedImage> {
  const known = pixelPresets[preset];
  if (known === undefined) {
    throw new FoveaError('option', {
      where: 'maximizePixels',
      rule: `presets are numbered from 0 to ${pixelPresets.length - 1}`,
      received: `${preset}`,
    });
  }
  const { decay, blur, blurEvery, smallNorm, smallContribution, steps, learningRate } = { ...known, ...own };
  const [height, width] = colorShape(inspector);
  const colors = new NetworkColors(preprocessing);
  const random = new RandomStream(seed, 'maximize pixels');
  // Distance from mid-gray, in steps of 0 to 255.
  const x = Float64Array.from({ length: height * width * 3 }, () => 10 * random.normal());
  const look = async () => {
    const image = x.map((v) => (v + 127.5) / 255);
    const found = await inspector.backward(new Tensor(colors.toNetwork(image), [1, height, width, 3]), { target });
    return { image, value: found.values[0] as number, signal: (found.signals[0] as Tensor<'float32'>).data };
  };
  const values: number[] = [];
  for (let step = 0; step < steps; step++) {
    throwIfAborted('maximize', signal);
    for (let i = 0; i < x.length; i++) x[i] = Math.min(127.5, Math.max(-127.5, x[i] as number));
    const { value, signal: byInput } = await look();
    values.push(value);
    const gradient = colors.gradient(byInput).map((g) => g / 255);
    const squares = gradient.reduce((sum, g) => sum + g * g, 0);
    const rate = typeof learningRate === 'number' ? learningRate : squares === 0 ? 0 : learningRate.progress / squares;
    for (let i = 0; i < x.length; i++) x[i] = ((x[i] as number) + rate * (gradient[i] as number)) * (1 - decay);
    if (blur > 0 && step % blurEvery === 0) blurPicture(x, height, width, blur);
    grayOut(x, smallNorm, (i) => (x[i] as number) ** 2);
    grayOut(x, smallContribution, (i) => (x[i] as number) * (gradient[i] as number), Math.abs);
    onProgress?.(step + 1, steps, value);
  }
  for (let i = 0; i < x.length; i++) x[i] = Math.min(127.5, Math.max(-127.5, x[i] as number));
  const { image, value } = await look();
  const method = `made by optimization, not a photo: ${steps} steps on pixels with the regularizers of preset ${preset}, seed ${seed}`;
  return { image, height, width, value, values, method };
}

/** Makes the share of pixels gray whose sum over the colors is least. */
function grayOut(
  x: Float64Array,
  percent: number,
  part: (index: number) => number,
  size: (sum: number) => number = (sum) => sum,
): void {
  if (percent <= 0) return;
  const sums = Float64Array.from({ length: x.length / 3 }, (_, p) =>
    size(part(3 * p) + part(3 * p + 1) + part(3 * p + 2)),
  );
  const order = [...sums.keys()].sort((a, b) => (sums[a] as number) - (sums[b] as number) || a - b);
  for (const p of order.slice(0, Math.floor((percent / 100) * sums.length))) x.fill(0, 3 * p, 3 * p + 3);
}

function blurPicture(x: Float64Array, height: number, width: number, sigma: number): void {
  const reach = Math.ceil(3 * sigma);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)));
  const total = kernel.reduce((sum, k) => sum + k, 0);
  const pass = (step: number, length: number, start: (line: number) => number, lines: number): void => {
    const copy = new Float64Array(length);
    for (let line = 0; line < lines; line++) {
      const from = start(line);
      for (let i = 0; i < length; i++) copy[i] = x[from + i * step] as number;
      for (let i = 0; i < length; i++) {
        let sum = 0;
        for (let k = -reach; k <= reach; k++) {
          sum += (kernel[k + reach] as number) * (copy[Math.min(length - 1, Math.max(0, i + k))] as number);
        }
        x[from + i * step] = sum / total;
      }
    }
  };
  pass(3, width, (line) => Math.floor(line / 3) * width * 3 + (line % 3), height * 3);
  pass(width * 3, height, (line) => line, width * 3);
}
