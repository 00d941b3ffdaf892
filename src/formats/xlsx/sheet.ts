import { FoveaError } from '../../tensor/errors.js';
import { type Cell, type CellRange, type ColorScale, MAX_COLUMNS, MAX_ROWS } from './cells.js';

/** A sheet of a workbook, filled cell by cell. */
export class Sheet {
  /** At most 31 letters, without : \ / ? * [ ]. */
  readonly name: string;
  /** Width in letters of columns that are not as usual, by their number. */
  readonly columnWidths = new Map<number, number>();
  readonly colorScales: ColorScale[] = [];
  /** Usual width of a column, in letters. */
  readonly columnWidth: number;
  readonly #rows = new Map<number, Map<number, Cell>>();

  constructor(name: string, columnWidth = 10) {
    this.name = name.replace(/[:\\/?*[\]]/g, ' ').slice(0, 31) || 'sheet';
    this.columnWidth = columnWidth;
  }

  /** Rows by their number, each with its cells by theirs. */
  get rows(): ReadonlyMap<number, ReadonlyMap<number, Cell>> {
    return this.#rows;
  }

  /** Puts a cell at a place, counted from 1. @throws FoveaError `memory` where a sheet ends before. */
  set(row: number, column: number, cell: Cell): void {
    if (row > MAX_ROWS || column > MAX_COLUMNS) {
      throw new FoveaError('memory', {
        where: `sheet "${this.name}"`,
        rule: `a sheet has ${MAX_ROWS} rows and ${MAX_COLUMNS} columns`,
        received: `a cell in row ${row}, column ${column}`,
        remedy: 'Use a smaller network',
      });
    }
    const cells = this.#rows.get(row) ?? new Map<number, Cell>();
    if (cells.size === 0) this.#rows.set(row, cells);
    cells.set(column, cell);
  }

  /** The value of a cell; undefined where there is none. */
  value(row: number, column: number): number | string | undefined {
    return this.#rows.get(row)?.get(column)?.value;
  }

  /** Colors a block from orange (negative) over white to blue (positive). */
  color(range: CellRange, limit: number): void {
    this.colorScales.push({ ...range, limit });
  }
}
