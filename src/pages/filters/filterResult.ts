import {
  divergingScale,
  numberText,
  paintMap,
  paintSignedColor,
  Raster,
  rasterFromPixels,
  robustLimit,
  type Scale,
} from '../../draw/index.js';
import {
  channelMean,
  type FilterImageOptions,
  type FilterTerm,
  filterImage,
  filterTerms,
  type ImageValues,
  type KernelPreset,
  type ResponseFacts,
  responseFacts,
} from '../../explain/index.js';

/** What a filter made of a picture: its numbers, its pictures, and a sentence made from the same numbers. */
export interface FilterResult {
  readonly filter: KernelPreset;
  /** The filtered picture, all channels. */
  readonly response: ImageValues;
  readonly facts: ResponseFacts;
  /** `picture` where the kernel's numbers add up to 1, so that the result is a picture again; otherwise `signed`. */
  readonly kind: 'picture' | 'signed';
  readonly scale: Scale;
  /** The mean of the channels in blue and orange, the strongest half percent beyond the scale's ends; of a picture what lies below black and beyond white. */
  readonly map: Raster;
  /** All channels in their colors: of signed values zero is the middle gray. */
  readonly color: Raster;
  /** Shares of a picture's numbers that lie below black and beyond white, and are cut off in `color`. */
  readonly below: number;
  readonly above: number;
  /** The products behind the strongest answer, in the kernel's order. */
  readonly terms: readonly FilterTerm[];
  readonly sentence: string;
}

/** A picture of 0 to 1, black to white. */
export function imageRaster({ values, height, width }: ImageValues): Raster {
  return rasterFromPixels(
    values.map((value) => Math.round(value * 255)),
    height,
    width,
  );
}

/** Filters a picture (of 0 to 1) and says what came of it. */
export function applyFilter(
  image: ImageValues,
  filter: KernelPreset,
  options: Pick<FilterImageOptions, 'border' | 'strides'> = {},
): FilterResult {
  const response = filterImage(image, filter.kernel, options);
  const facts = responseFacts(response);
  const sum = filter.kernel.values.reduce((total, value) => total + value, 0);
  const kind = Math.abs(sum - 1) < 1e-6 ? 'picture' : 'signed';
  const mean = channelMean(response);
  const scale = divergingScale(robustLimit(mean.values), { scope: 'this filter' });
  const share = (beyond: (value: number) => boolean) => response.values.filter(beyond).length / response.values.length;
  const [below, above] = [share((value) => value < -1e-6), share((value) => value > 1 + 1e-6)];
  const color =
    kind === 'picture'
      ? imageRaster(response)
      : response.channels === 3
        ? paintSignedColor(response.values, response.height, response.width, robustLimit(response.values))
        : paintMap(mean, scale);
  return {
    ...{ filter, response, facts, kind, scale, color, below, above },
    map: kind === 'picture' ? beyondRaster(response) : paintMap(mean, scale),
    terms: filterTerms(channelMean(image), filter.kernel, facts.strongest, options),
    sentence: sentenceOf(facts, response, kind, below, above),
  };
}

function sentenceOf(
  facts: ResponseFacts,
  { width, height }: ImageValues,
  kind: FilterResult['kind'],
  below: number,
  above: number,
): string {
  const { min, max, strongest } = facts;
  const range = `Values from ${numberText(min)} to ${numberText(max)}, black being 0 and white 1.`;
  if (kind === 'picture') {
    if (below + above === 0) return `${range} All lie between black and white.`;
    return `${range} ${percent(below)} of the numbers fall below black and ${percent(above)} rise beyond white; a screen cannot show those, and the second picture marks them.`;
  }
  if (strongest.value === 0) return `${range} The filter finds nothing here.`;
  const third = (at: number, size: number) => Math.min(2, Math.floor((3 * at) / size));
  const [row, column] = [third(strongest.y, height), third(strongest.x, width)];
  const where = [
    ['upper left', 'top', 'upper right'],
    ['left', 'middle', 'right'],
    ['lower left', 'bottom', 'lower right'],
  ][row]?.[column];
  return `${range} Clearly positive (over a tenth of the strongest) on ${percent(facts.positive)} of the places, clearly negative on ${percent(facts.negative)}. Strongest: ${numberText(strongest.value)} at (${strongest.x}, ${strongest.y}), ${where === 'middle' ? 'in the middle' : `at the ${where}`}.`;
}

function percent(share: number): string {
  const text = numberText(100 * share, share < 0.1 ? 2 : 3);
  return share > 0 && share < 0.0001 ? 'less than 0.01 %' : `${text} %`;
}

/** The picture in pale gray, with orange where it falls below black and blue where it rises beyond white. */
function beyondRaster(response: ImageValues): Raster {
  const mean = channelMean(response);
  const { values, width, height, channels } = response;
  const beyond = new Float32Array(width * height);
  for (let i = 0; i < beyond.length; i++) {
    for (let c = 0; c < channels; c++) {
      const value = values[i * channels + c] as number;
      const excess = value < 0 ? value : Math.max(0, value - 1);
      if (Math.abs(excess) > Math.abs(beyond[i] as number)) beyond[i] = excess;
    }
  }
  const most = beyond.reduce((found, value) => Math.max(found, Math.abs(value)), 1e-6);
  const marks = paintMap({ values: beyond, width, height }, divergingScale(most));
  const picture = new Raster(width, height);
  for (let i = 0; i < beyond.length; i++) {
    const pale = 190 + 50 * Math.min(1, Math.max(0, mean.values[i] as number));
    const marked = Math.abs(beyond[i] as number) > 1e-6;
    const color = marked ? [...marks.data.subarray(i * 4, i * 4 + 3)] : [pale, pale, pale];
    picture.data.set([...color, 255], i * 4);
  }
  return picture;
}
