import { FoveaError } from '../../tensor/errors.js';
import type { GeneratorSettings } from './generatorOptions.js';
import type { Picture } from './picture.js';
import { whiteningMatrix } from './whitening.js';

/** Figures of the whole data. */
export interface FittedStatistics {
  /** One number a channel. */
  readonly mean?: readonly number[];
  readonly deviation?: readonly number[];
  /** [d, d] for pictures of d numbers. */
  readonly whitening?: Float32Array;
}

/** Whitening takes d² numbers and about 10 d³ operations. */
const MOST_NUMBERS = 3 * 32 * 32;

/** Mean, deviation and whitening of pictures of one size, as far as the settings ask for them; in Keras's order. */
export function fitStatistics(pictures: readonly Picture[], settings: GeneratorSettings): FittedStatistics {
  const [first] = pictures;
  if (first === undefined) {
    throw new FoveaError('data', { where: 'imageDataGenerator.fit', rule: 'at least one photo is needed' });
  }
  const { channels, data } = first;
  const d = data.length;
  const all = new Float32Array(pictures.length * d);
  for (const [i, picture] of pictures.entries()) all.set(picture.data, i * d);
  const epsilon = settings.semantics === 'keras1' ? 1e-7 : 1e-6;
  const fitted: { -readonly [K in keyof FittedStatistics]: FittedStatistics[K] } = {};
  if (settings.featurewiseCenter) {
    const mean = perChannel(all, channels, () => (value) => value);
    fitted.mean = mean;
    for (let i = 0; i < all.length; i++) all[i] = (all[i] as number) - (mean[i % channels] as number);
  }
  if (settings.featurewiseStdNormalization) {
    const means = perChannel(all, channels, () => (value) => value);
    const variances = perChannel(all, channels, (c) => (value) => (value - (means[c] as number)) ** 2);
    const deviation = variances.map(Math.sqrt);
    fitted.deviation = deviation;
    for (let i = 0; i < all.length; i++) all[i] = (all[i] as number) / ((deviation[i % channels] as number) + epsilon);
  }
  if (settings.zcaWhitening) {
    if (d > MOST_NUMBERS) {
      throw new FoveaError('memory', {
        where: 'imageDataGenerator.fit',
        rule: `whitening compares every number of a picture with every other and is for pictures of at most ${MOST_NUMBERS}`,
        received: `${d}`,
        remedy: 'Use smaller pictures, or leave zcaWhitening out',
      });
    }
    fitted.whitening = whiteningMatrix(all, d, settings.semantics === 'keras1' ? 1e-6 : settings.zcaEpsilon);
  }
  return fitted;
}

/** The mean over the data of a function of each number, for each channel. */
function perChannel(all: Float32Array, channels: number, of: (channel: number) => (value: number) => number): number[] {
  return Array.from({ length: channels }, (_, c) => {
    const function_ = of(c);
    let sum = 0;
    for (let i = c; i < all.length; i += channels) sum += function_(all[i] as number);
    return (sum * channels) / all.length;
  });
}

/** The same figures as JSON. */
export function statisticsToJson({ mean, deviation, whitening }: FittedStatistics): Readonly<Record<string, unknown>> {
  return {
    ...(mean === undefined ? {} : { mean }),
    ...(deviation === undefined ? {} : { deviation }),
    ...(whitening === undefined ? {} : { whitening: [...whitening] }),
  };
}

/** Reads what {@link statisticsToJson} wrote. Throws `format` for anything else. */
export function statisticsFromJson(json: unknown): FittedStatistics {
  const given = json as Readonly<Record<string, unknown>> | null;
  const list = (name: string): number[] | undefined => {
    const value = given?.[name];
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every(Number.isFinite)) return value;
    throw new FoveaError('format', {
      where: 'imageDataGenerator, fitted',
      rule: `"${name}" must be a list of finite numbers`,
    });
  };
  const [mean, deviation, whitening] = [list('mean'), list('deviation'), list('whitening')];
  return {
    ...(mean === undefined ? {} : { mean }),
    ...(deviation === undefined ? {} : { deviation }),
    ...(whitening === undefined ? {} : { whitening: Float32Array.from(whitening) }),
  };
}
