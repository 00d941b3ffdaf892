import { cellName } from '../../formats/xlsx/cells.js';
import type { Sheet } from '../../formats/xlsx/sheet.js';
import { FoveaError } from '../../tensor/errors.js';
import { sizeOf } from '../../tensor/shape.js';
import type { NetworkDescription } from './networkDescription.js';
import { networkSheet } from './networkSheet.js';
import { entropySheet, exampleScores, type NamedScore, softmaxSheet } from './scoreSheets.js';

export interface WorkbookOptions {
  /** Names of the classes, in the order of the scores. */
  readonly classNames?: readonly string[];
  /** The true class, as its index, where it is known: its cross-entropy is added. */
  readonly trueClass?: number;
}

/** Sheets for `xlsxPieces`, and the network's last values as their formulas compute them. */
export interface Workbook {
  readonly sheets: readonly Sheet[];
  readonly scores: readonly number[];
  /** Where the last values stand: `network!AB4`. */
  readonly places: readonly string[];
}

/**
 * The sheets of an .xlsx workbook with live formulas: a picture's whole way through a small network, softmax of its scores (or of five
 * examples where it makes a single number), and cross-entropy with the natural logarithm and, beside it, base 10.
 *
 * `x` is one picture [h, w, c] as the network takes it. @throws FoveaError `memory` for a network too large for a sheet.
 */
export function networkWorkbook(
  network: NetworkDescription,
  x: ArrayLike<number>,
  { classNames = [], trueClass }: WorkbookOptions = {},
): Workbook {
  const size = sizeOf(network.inputShape);
  if (x.length !== size) {
    const rule = `the network takes pictures of ${size} numbers`;
    throw new FoveaError('shape', { where: 'workbook', rule, received: String(x.length) });
  }
  const { sheet, last } = networkSheet(network, x);
  const cells = last.blocks.flatMap(({ row, column, rows, columns }) =>
    Array.from({ length: rows * columns }, (_, i) => [row + Math.floor(i / columns), column + (i % columns)] as const),
  );
  const scores = cells.map(([row, column]) => sheet.value(row, column) as number);
  const places = cells.map(([row, column]) => `${sheet.name}!${cellName(row, column)}`);
  const named: NamedScore[] = scores.map((value, i) => {
    return { name: classNames[i] ?? String(i), value, formula: places[i] as string };
  });
  const shown = scores.length > 1 ? softmaxSheet(named, trueClass) : softmaxSheet(exampleScores);
  return { sheets: [sheet, shown, entropySheet()], scores, places };
}
