/** What a cell looks like. */
export type CellStyle = 'plain' | 'number' | 'fine' | 'title' | 'label' | 'result';

/** A cell: a text, a number, or a formula with the value that it has. */
export interface Cell {
  readonly value: number | string;
  /** Without the equals sign, in English names: `SUM(A1:A3)`. */
  readonly formula?: string;
  readonly style?: CellStyle;
}

/** A block of cells; rows and columns count from 1. */
export interface CellRange {
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
}

/** The colors of a block: from orange at `-limit` over white at zero to blue at `limit`. */
export interface ColorScale extends CellRange {
  readonly limit: number;
}

/** The sizes of a sheet in every program that opens such files. */
export const MAX_ROWS = 1_048_576;
export const MAX_COLUMNS = 16_384;

/** A column's letters: 1 is A, 27 is AA. */
export function columnName(column: number): string {
  let name = '';
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name;
  }
  return name;
}

/** A cell's name; `fixed` ones stay when a formula is copied: `$B$3`. */
export function cellName(row: number, column: number, fixed = false): string {
  return fixed ? `$${columnName(column)}$${row}` : `${columnName(column)}${row}`;
}

/** A block's name: `A1:C3`. */
export function rangeName({ row, column, rows, columns }: CellRange, fixed = false): string {
  return `${cellName(row, column, fixed)}:${cellName(row + rows - 1, column + columns - 1, fixed)}`;
}
