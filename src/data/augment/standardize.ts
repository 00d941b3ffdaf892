import { FoveaError } from '../../tensor/errors.js';
import type { GeneratorSettings } from './generatorOptions.js';
import type { FittedStatistics } from './generatorStatistics.js';
import { checkPicture, type Picture } from './picture.js';
import { timesMatrix } from './whitening.js';

/** Whether anything is done to every photo, so that bytes become other numbers. */
export function standardizes(settings: GeneratorSettings): boolean {
  return (
    settings.preprocessingFunction !== undefined ||
    settings.rescale !== undefined ||
    settings.samplewiseCenter ||
    settings.samplewiseStdNormalization ||
    needsFit(settings)
  );
}

/** Whether figures of the whole data are needed first. */
export function needsFit(settings: GeneratorSettings): boolean {
  return settings.featurewiseCenter || settings.featurewiseStdNormalization || settings.zcaWhitening;
}

/**
 * What Keras does to every photo, in its order: the preprocessing function, rescale, the photo's own mean and deviation, the data's, and
 * whitening.
 */
export function standardized(
  picture: Picture,
  settings: GeneratorSettings,
  fitted: FittedStatistics | undefined,
): Picture {
  const { semantics, preprocessingFunction, rescale } = settings;
  const epsilon = semantics === 'keras1' ? 1e-7 : 1e-6;
  let result: Picture = { ...picture, data: Float32Array.from(picture.data) };
  if (preprocessingFunction !== undefined) {
    result = preprocessingFunction(result as Picture & { readonly data: Float32Array });
    checkPicture('imageDataGenerator, preprocessingFunction', result);
    result = { ...result, data: Float32Array.from(result.data) };
  }
  const data = result.data as Float32Array;
  const { channels } = result;
  if (rescale !== undefined) for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) * rescale;
  const { samplewiseCenter, samplewiseStdNormalization } = settings;
  const group = semantics === 'keras1' ? channels : data.length;
  if (samplewiseCenter) eachGroup(data, group, (value, { mean }) => value - mean);
  if (samplewiseStdNormalization) eachGroup(data, group, (value, { deviation }) => value / (deviation + epsilon));
  if (!needsFit(settings)) return result;
  if (fitted === undefined) {
    throw new FoveaError('option', {
      where: 'imageDataGenerator',
      rule: 'featurewise normalization and whitening need figures of the data',
      remedy: 'Call fit(data) first',
    });
  }
  const { mean, deviation, whitening } = fitted;
  if (mean !== undefined) eachChannel(data, channels, (value, c) => value - (mean[c] as number));
  if (deviation !== undefined) eachChannel(data, channels, (value, c) => value / ((deviation[c] as number) + epsilon));
  if (whitening === undefined) return result;
  if (whitening.length === data.length ** 2) return { ...result, data: timesMatrix(data, whitening) };
  throw new FoveaError('shape', {
    where: 'imageDataGenerator',
    rule: `whitening was fitted to pictures of ${Math.sqrt(whitening.length)} numbers`,
    received: `${data.length}`,
  });
}

function eachChannel(data: Float32Array, channels: number, change: (value: number, channel: number) => number): void {
  for (let i = 0; i < data.length; i++) data[i] = change(data[i] as number, i % channels);
}

/** Changes numbers by the mean and deviation of the group of neighbours that they are in. */
function eachGroup(
  data: Float32Array,
  length: number,
  change: (value: number, of: { readonly mean: number; readonly deviation: number }) => number,
): void {
  for (let start = 0; start < data.length; start += length) {
    const part = data.subarray(start, start + length);
    const mean = part.reduce((sum, value) => sum + value, 0) / length;
    const deviation = Math.sqrt(part.reduce((sum, value) => sum + (value - mean) ** 2, 0) / length);
    for (let i = 0; i < length; i++) part[i] = change(part[i] as number, { mean, deviation });
  }
}
