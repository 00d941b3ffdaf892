import { FoveaError } from '../../tensor/errors.js';

/** A filter made by hand, for pictures. */
export interface Kernel {
  /** [height, width], or [height, width, channels] where `channels` is given, row by row. */
  readonly values: readonly number[];
  readonly height: number;
  readonly width: number;
  /** Numbers for every channel of the picture, whose products are added up as in a layer; otherwise each channel is filtered alone. */
  readonly channels?: number;
}

const MOST_PER_SIDE = 31;

/** A kernel of rows of numbers. @throws FoveaError `shape` where rows differ in length or are too long, `data` for what is no number. */
export function kernelOf(rows: readonly (readonly number[])[]): Kernel {
  const [height, width] = [rows.length, rows[0]?.length ?? 0];
  const ragged = rows.some((row) => row.length !== width);
  if (ragged || height < 1 || width < 1 || height > MOST_PER_SIDE || width > MOST_PER_SIDE) {
    throw new FoveaError('shape', {
      where: 'kernel',
      rule: `it has 1 to ${MOST_PER_SIDE} rows, all with as many numbers, 1 to ${MOST_PER_SIDE}`,
      received: `rows of ${rows.map((row) => row.length).join(', ') || 'nothing'}`,
    });
  }
  const bad = rows.flat().find((value) => !Number.isFinite(value));
  if (bad !== undefined) {
    throw new FoveaError('data', { where: 'kernel', rule: 'all of it must be finite numbers', received: String(bad) });
  }
  return { values: rows.flat(), height, width };
}

/**
 * A kernel from a text: numbers with spaces or commas between them, rows with semicolons or line breaks, such as
 * `1 0 -1; 2 0 -2; 1 0 -1`; a quotient such as `1/16` is a number too.
 *
 * @throws FoveaError `data` for what is no number, `shape` where rows differ.
 */
export function parseKernel(text: string): Kernel {
  const rows = text
    .split(/[;\n]/)
    .map((row) => row.split(/[\s,]+/).filter((word) => word !== ''))
    .filter((row) => row.length > 0);
  return kernelOf(rows.map((row) => row.map(parseNumber)));
}

function parseNumber(word: string): number {
  const [, upper = '', lower] = /^([-+]?[\d.]+(?:e[-+]?\d+)?)(?:\/([\d.]+))?$/i.exec(word) ?? [];
  const value = Number(upper === '' ? 'none' : upper) / (lower === undefined ? 1 : Number(lower));
  if (Number.isFinite(value)) return value;
  throw new FoveaError('data', {
    where: 'kernel',
    rule: 'it is made of numbers; rows end with semicolons',
    received: `"${word.slice(0, 40)}"`,
    remedy: 'Write it like "1 0 -1; 2 0 -2; 1 0 -1"',
  });
}

/** The kernel turned by quarters of a circle, counterclockwise as NumPy's `rot90`. */
export function rotateKernel(kernel: Kernel, quarters = 1): Kernel {
  let turned = kernel;
  for (let i = 0; i < ((quarters % 4) + 4) % 4; i++) turned = quarterTurn(turned);
  return turned;
}

function quarterTurn(kernel: Kernel): Kernel {
  const { values, height, width, channels = 1 } = kernel;
  const turned: number[] = [];
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < height; x++) {
      const at = (x * width + (width - 1 - y)) * channels;
      turned.push(...values.slice(at, at + channels));
    }
  }
  return { ...kernel, values: turned, height: width, width: height };
}
