import { FoveaError } from '../../tensor/errors.js';
import { RandomStream } from '../../tensor/random.js';
import { sizeOf } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import type { Batch } from '../dataset.js';
import { parseOptions, real } from './transformOptions.js';

/** How two photos become one. */
export interface MixOptions {
  /** The share λ of the first is drawn from Beta(alpha, alpha): small values leave most photos nearly as they are. @default 0.2; 1 for CutMix */
  readonly alpha?: number;
  /** How likely a batch is to be mixed this way, 0 to 1. @default 1; one half each where both are on */
  readonly p?: number;
}

export interface MixConfig {
  /** Weighted sums of two photos and of their targets (Zhang et al., 2017). */
  readonly mixup?: MixOptions;
  /** A rectangle of one photo in the other, and targets by area (Yun et al., 2019). */
  readonly cutMix?: MixOptions;
}

/** Checks what is given; undefined where nothing is. */
export function readMix({ mixup, cutMix }: MixConfig): MixConfig | undefined {
  const both = mixup !== undefined && cutMix !== undefined;
  const read = (name: string, options: MixOptions, alpha: number): Required<MixOptions> =>
    parseOptions(
      `augmentation, "${name}"`,
      { alpha: real(0.01, 100, alpha), p: real(0, 1, both ? 0.5 : 1) },
      { ...options },
    );
  if (mixup === undefined && cutMix === undefined) return undefined;
  const config = {
    ...(mixup === undefined ? {} : { mixup: read('mixup', mixup, 0.2) }),
    ...(cutMix === undefined ? {} : { cutMix: read('cutMix', cutMix, 1) }),
  };
  if ((config.mixup?.p ?? 0) + (config.cutMix?.p ?? 0) <= 1) return config;
  throw new FoveaError('option', {
    where: 'augmentation',
    rule: 'a batch is mixed in one way at most, so that the p of mixup and of cutMix are at most 1 together',
    received: `${config.mixup?.p} and ${config.cutMix?.p}`,
  });
}

/**
 * A batch of pictures float32 [n, h, w, c] in which each is mixed with another of the batch, and targets float32 [n, classes] with
 * the shares of both. Which and how much is a function of (seed, epoch, the first photo of the batch).
 *
 * @param classes number of classes, where the targets are class indices.
 */
export function mixBatch(
  batch: Batch,
  { mixup, cutMix }: MixConfig,
  key: { readonly seed: number; readonly epoch: number; readonly first: number; readonly classes: number },
): Batch {
  const { x } = batch;
  const y = oneHot(batch.y, key.classes);
  const [n = 0, height = 1, width = 1] = x.shape;
  const random = new RandomStream(key.seed, 'augment mix', key.epoch, key.first);
  const chosen = random.uniform();
  const cut = chosen >= (mixup?.p ?? 0);
  if (chosen >= (mixup?.p ?? 0) + (cutMix?.p ?? 0)) return { ...batch, y };
  // One after the other in a circle of random order: nobody is mixed with itself.
  const circle = random.shuffle(Uint32Array.from({ length: n }, (_, i) => i));
  const alpha = (cut ? cutMix?.alpha : mixup?.alpha) ?? 1;
  const [data, targets] = [x.data.slice(), y.data.slice()];
  const [line, classes, values] = [x.size / (n * height), y.size / n, x.size / n];
  for (let at = 0; at < n; at++) {
    const i = circle[at] as number;
    const other = circle[(at + 1) % n] as number;
    let share = beta(random, alpha);
    if (cut) {
      const part = rectangle(random, height, width, 1 - share);
      const channels = line / width;
      for (let row = part.top; row < part.bottom; row++) {
        const from = row * line + part.left * channels;
        const to = row * line + part.right * channels;
        data.set(x.data.subarray(other * values + from, other * values + to), i * values + from);
      }
      share = 1 - ((part.bottom - part.top) * (part.right - part.left)) / (height * width);
    } else {
      blend(data, i * values, x.data, other * values, values, share);
    }
    blend(targets, i * classes, y.data as Float32Array, other * classes, classes, share);
  }
  return { ...batch, x: new Tensor<'float32'>(data, x.shape), y: new Tensor(targets, y.shape) };
}

/** Keeps a share of what stands at `at` and adds the rest of another. */
function blend(data: Float32Array, at: number, other: Float32Array, from: number, count: number, share: number): void {
  for (let k = 0; k < count; k++) {
    data[at + k] = share * (data[at + k] as number) + (1 - share) * (other[from + k] as number);
  }
}

/** A rectangle of a share of the area with the picture's proportions, its middle anywhere: what sticks out is cut off. */
function rectangle(random: RandomStream, height: number, width: number, area: number) {
  const side = Math.sqrt(area);
  const [x, y] = [random.below(width), random.below(height)];
  const cut = (middle: number, length: number): [number, number] => [
    Math.max(0, middle - Math.floor((length * side) / 2)),
    Math.min(length, middle + Math.floor((length * side) / 2)),
  ];
  const [left, right] = cut(x, width);
  const [top, bottom] = cut(y, height);
  return { left, right, top, bottom };
}

function oneHot(y: Tensor, classes: number): Tensor<'float32'> {
  if (y.data instanceof Float32Array && y.shape.length === 2) return y as Tensor<'float32'>;
  if (!(y.data instanceof Int32Array) || y.shape.length !== 1 || classes < 2) {
    throw new FoveaError('data', {
      where: 'augmentation',
      rule: 'photos can be mixed where each has a class, or targets [n, classes]',
      received: `targets ${y.dtype} of ${sizeOf(y.shape)} numbers`,
      remedy: 'Leave mixup and cutMix out',
    });
  }
  const targets = new Float32Array(y.data.length * classes);
  for (const [i, label] of y.data.entries()) targets[i * classes + label] = 1;
  return new Tensor<'float32'>(targets, [y.data.length, classes]);
}

/** A draw from Beta(alpha, alpha). */
function beta(random: RandomStream, alpha: number): number {
  const [a, b] = [gamma(random, alpha), gamma(random, alpha)];
  return a + b === 0 ? (random.uniform() < 0.5 ? 0 : 1) : a / (a + b);
}

/** A draw from Gamma(shape, 1) (Marsaglia and Tsang, 2000). */
function gamma(random: RandomStream, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * (random.uniform() + 2 ** -25) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = random.normal();
    const v = (1 + c * normal) ** 3;
    if (v <= 0) continue;
    if (Math.log(random.uniform() + 2 ** -25) < 0.5 * normal ** 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}
