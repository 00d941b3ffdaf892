import type { ImageValues } from './filterImage.js';

/** What a filtered picture comes to, over the means of its channels. */
export interface ResponseFacts {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Shares of places, 0 to 1; `zero` is what lies within a tenth of the strongest answer. */
  readonly positive: number;
  readonly negative: number;
  readonly zero: number;
  /** Where the answer is strongest, in pixels of the result, and its value. */
  readonly strongest: { readonly x: number; readonly y: number; readonly value: number };
}

/** The mean of a picture's channels: [h, w, c] → [h, w, 1]. */
export function channelMean({ values, height, width, channels }: ImageValues): ImageValues {
  const mean = new Float32Array(height * width);
  for (let i = 0; i < mean.length; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += values[i * channels + c] as number;
    mean[i] = sum / channels;
  }
  return { values: mean, height, width, channels: 1 };
}

/** What a filtered picture comes to. */
export function responseFacts(response: ImageValues): ResponseFacts {
  const { values, width } = channelMean(response);
  let [min, max, sum, strongest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    if (Math.abs(value) > Math.abs(values[strongest] as number)) strongest = i;
  }
  const value = values[strongest] as number;
  const small = Math.abs(value) / 10;
  let [positive, negative] = [0, 0];
  for (const one of values) {
    if (one > small) positive++;
    else if (one < -small) negative++;
  }
  const n = values.length;
  return {
    min,
    max,
    mean: sum / n,
    positive: positive / n,
    negative: negative / n,
    zero: (n - positive - negative) / n,
    strongest: { x: strongest % width, y: Math.floor(strongest / width), value },
  };
}
