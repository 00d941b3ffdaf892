import type { Dataset } from '../../data/dataset.js';
import {
  filterImage,
  handmadeFeatures,
  type ImageValues,
  lectureKernels,
  maxPoolImage,
  playgroundKernels,
  Templates,
} from '../../explain/index.js';
import { FoveaError } from '../../tensor/errors.js';

export interface LessonZeroOptions {
  /** Called with the number of digits done and of all. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** How the templates did on digits that they were not made from. */
export interface TemplateResult {
  readonly digit: number;
  readonly right: number;
  readonly total: number;
}

/** Everything of the lesson that is computed, for a page and for a terminal. */
export interface LessonZero {
  readonly data: string;
  /** A digit, and which it is. */
  readonly image: ImageValues;
  readonly label: number;
  /** What each of the eight filters answers to it, and that pooled 7 × 7. */
  readonly responses: readonly { readonly name: string; readonly map: ImageValues; readonly pooled: ImageValues }[];
  /** Templates [8, 4, 4] of the two digits that are told apart, 8 and 1, and how many each was made from. */
  readonly templates: readonly { readonly digit: number; readonly from: number; readonly values: Float32Array }[];
  readonly results: readonly TemplateResult[];
  /** The picture moved by (2, 3) pixels: how far its answers are from the moved answers, at most, away from the border. */
  readonly movedDifference: number;
  /** Shapes of the way through zero padding. */
  readonly padding: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Numbers that must be learned for 28 × 28 → 28 × 28 × 12. */
  readonly parameters: { readonly dense: number; readonly convolution: number };
}

const DIGITS = [1, 8] as const;
const BATCH = 500;

/** Lesson 0 on a data set of digits [28, 28, 1]: filters made by hand, pooling, and templates that tell 8s from 1s unlearned. */
export async function lessonZero(
  data: { readonly train: Dataset; readonly test: Dataset; readonly title: string },
  { onProgress, signal }: LessonZeroOptions = {},
): Promise<LessonZero> {
  const { train, test, title } = data;
  const [h, w, c] = train.inputShape;
  if (h !== 28 || w !== 28 || c !== 1 || train.labels === undefined || test.labels === undefined) {
    const rule = 'it needs labeled gray pictures of 28 × 28 pixels';
    throw new FoveaError('data', { where: `lesson with ${title}`, rule, received: `[${train.inputShape.join(', ')}]` });
  }
  const places = (set: Dataset, digit: number) => {
    const all = Array.from(set.labels ?? [], (label, i) => (label === digit ? i : -1));
    return Uint32Array.from(all.filter((i) => i >= 0));
  };
  const wanted = DIGITS.map((digit) => ({ digit, train: places(train, digit), test: places(test, digit) }));
  const total = wanted.reduce((sum, one) => sum + one.train.length + one.test.length, 0);
  let done = 0;
  const features = async (set: Dataset, indices: Uint32Array): Promise<Float32Array[]> => {
    const found: Float32Array[] = [];
    for (let start = 0; start < indices.length; start += BATCH) {
      if (signal?.aborted) throw new FoveaError('aborted', { where: 'lesson', rule: 'it was stopped' });
      const part = indices.subarray(start, start + BATCH);
      const { x } = await set.batch(part);
      for (let i = 0; i < part.length; i++)
        found.push(handmadeFeatures(picture(x.data.subarray(i * 784, (i + 1) * 784))));
      done += part.length;
      onProgress?.(done, total);
    }
    return found;
  };
  const known = [];
  for (const one of wanted) known.push(await features(train, one.train));
  const templates = new Templates(known);
  const results: TemplateResult[] = [];
  for (const [i, { digit, test: indices }] of wanted.entries()) {
    const found = await features(test, indices);
    results.push({ digit, right: found.filter((one) => templates.classify(one) === i).length, total: found.length });
  }
  const shown = test.labels.indexOf(7) >= 0 ? test.labels.indexOf(7) : 0;
  const { x } = await test.batch(Uint32Array.of(shown));
  const image = picture(x.data);
  return {
    data: title,
    image,
    label: test.labels[shown] as number,
    responses: lectureKernels.map(({ name, kernel }) => {
      const map = filterImage(image, kernel, { border: 'reflect' });
      return { name, map, pooled: maxPoolImage(map, 7) };
    }),
    templates: wanted.map(({ digit, train: from }, i) => {
      return { digit, from: from.length, values: templates.templates[i] as Float32Array };
    }),
    results,
    movedDifference: movedDifference(image),
    padding: paddingWalk(image),
    parameters: { dense: 784 * 28 * 28 * 12 + 28 * 28 * 12, convolution: 12 * (9 + 1) },
  };
}

function picture(values: Float32Array): ImageValues {
  return { values, height: 28, width: 28, channels: 1 };
}

/** Zeros around the picture, then twelve filters that stay within: as many places as the picture has pixels. */
function paddingWalk(image: ImageValues): LessonZero['padding'] {
  const values = new Float32Array(900);
  for (let y = 0; y < 28; y++) values.set(image.values.subarray(y * 28, (y + 1) * 28), (y + 1) * 30 + 1);
  const wide = { values, height: 30, width: 30, channels: 1 };
  const twelve = [...lectureKernels, ...playgroundKernels].slice(0, 12);
  const after = (from: ImageValues) => {
    const [first, ...others] = twelve.map(({ kernel }) => filterImage(from, kernel, { border: 'valid' }));
    return [first?.height ?? 0, first?.width ?? 0, others.length + 1];
  };
  const shape = ({ height, width, channels }: ImageValues) => [height, width, channels];
  return [
    { name: 'picture', shape: shape(image) },
    { name: 'with zeros around', shape: shape(wide) },
    { name: 'after twelve 3 × 3 filters', shape: after(wide) },
    { name: 'without the zeros it would be', shape: after(image) },
  ];
}

function movedDifference(image: ImageValues): number {
  const [dy, dx] = [2, 3];
  const moved = new Float32Array(784);
  for (let y = dy; y < 28; y++)
    for (let x = dx; x < 28; x++) moved[y * 28 + x] = image.values[(y - dy) * 28 + x - dx] as number;
  let most = 0;
  for (const { kernel } of lectureKernels) {
    const [still, after] = [filterImage(image, kernel), filterImage({ ...image, values: moved }, kernel)];
    for (let y = 1; y < 27 - dy; y++) {
      for (let x = 1; x < 27 - dx; x++) {
        const difference = (after.values[(y + dy) * 28 + x + dx] as number) - (still.values[y * 28 + x] as number);
        most = Math.max(most, Math.abs(difference));
      }
    }
  }
  return most;
}
