import { cellName } from '../../formats/xlsx/cells.js';
import { Sheet } from '../../formats/xlsx/sheet.js';

/** A score, and where another sheet has it. */
export interface NamedScore {
  readonly name: string;
  readonly value: number;
  /** The formula that fetches it; a number to play with where there is none. */
  readonly formula?: string;
}

/**
 * Scores and what becomes of them, live: exponentials and softmax, beside them the plain proportion and that of absolute
 * values, which do not work with negative scores. With a true class also its cross-entropy, natural and with base 10.
 */
export function softmaxSheet(scores: readonly NamedScore[], trueClass?: number): Sheet {
  const sheet = new Sheet('softmax', 14);
  sheet.columnWidths.set(1, 18);
  const titles = ['', 'score', 'exp', 'softmax', 'proportion', 'proportion of absolute values'];
  for (const [i, value] of titles.entries()) sheet.set(1, i + 1, { value, style: 'title' });
  const [first, last] = [2, scores.length + 1];
  const most = Math.max(...scores.map(({ value }) => value));
  // Without the largest score taken off, the exponential of a large one is more than a cell can hold.
  const exps = scores.map(({ value }) => Math.exp(value - (most > 600 ? most : 0)));
  const shift = most > 600 ? `-MAX($B$${first}:$B$${last})` : '';
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const values = scores.map(({ value }) => value);
  const [total, expTotal, absTotal] = [sum(values), sum(exps), sum(values.map(Math.abs))];
  for (const [i, { name, value, formula }] of scores.entries()) {
    const row = first + i;
    sheet.set(row, 1, { value: name });
    sheet.set(row, 2, { value, style: 'fine', ...(formula === undefined ? {} : { formula }) });
    sheet.set(row, 3, { value: exps[i] as number, formula: `EXP(B${row}${shift})`, style: 'fine' });
    sheet.set(row, 4, { value: (exps[i] as number) / expTotal, formula: `C${row}/$C$${last + 1}`, style: 'fine' });
    // Scores may add up to zero, and then have no proportion.
    const part = (top: number, whole: number) => (whole === 0 ? 0 : top / whole);
    const all = `$B$${last + 1}`;
    sheet.set(row, 5, { value: part(value, total), formula: `IF(${all}=0,0,B${row}/${all})`, style: 'fine' });
    const allAbs = `SUMPRODUCT(ABS($B$${first}:$B$${last}))`;
    const absFormula = `IF(${allAbs}=0,0,ABS(B${row})/${allAbs})`;
    sheet.set(row, 6, { value: part(Math.abs(value), absTotal), formula: absFormula, style: 'fine' });
  }
  sheet.set(last + 1, 1, { value: 'sum', style: 'label' });
  const sums = [total, expTotal, 1, total === 0 ? 0 : 1, absTotal === 0 ? 0 : 1];
  for (const [i, value] of sums.entries()) {
    const column = 'BCDEF'[i] as string;
    sheet.set(last + 1, i + 2, { value, formula: `SUM(${column}${first}:${column}${last})`, style: 'fine' });
  }
  sheet.color({ row: first, column: 2, rows: scores.length, columns: 1 }, Math.max(1e-9, ...values.map(Math.abs)));
  sheet.color({ row: first, column: 4, rows: scores.length, columns: 1 }, 1);
  sheet.set(last + 3, 1, {
    value:
      'Softmax sums to 1 and is never negative. A proportion has negative parts where scores do; with absolute values a score of −5 counts as much as one of 5.',
    style: 'label',
  });
  if (trueClass === undefined) return sheet;
  const probability = (exps[trueClass] as number) / expTotal;
  const place = cellName(first + trueClass, 4);
  const rows: [string, number, string][] = [
    ['cross-entropy (natural logarithm)', -Math.log(probability), `-LN(${place})`],
    ['with base 10', -Math.log10(probability), `-LOG10(${place})`],
  ];
  sheet.set(last + 5, 1, { value: `The true class is ${scores[trueClass]?.name}.`, style: 'title' });
  for (const [i, [name, value, formula]] of rows.entries()) {
    sheet.set(last + 6 + i, 1, { value: name });
    sheet.set(last + 6 + i, 2, { value, formula, style: 'result' });
  }
  return sheet;
}

/** Five scores of five things, for a workbook without a network. */
export const exampleScores: readonly NamedScore[] = [
  { name: 'cat', value: -2.0756151 },
  { name: 'dog', value: -0.1117147 },
  { name: 'plane', value: 1.2699461 },
  { name: 'fish', value: -0.9518479 },
  { name: 'building', value: 1.4501606 },
];

/** Whether it was a cat, and how probable the network found that. */
const EXAMPLES: readonly (readonly [isCat: 0 | 1, prediction: number])[] = [
  [1, 0.5],
  [1, 0.98],
  [0, 0.9],
  [0, 0.5],
  [1, 0.9],
];

/**
 * Binary cross-entropy, live, twice: as a sum of two terms of which one is zero, and as a choice between them. With the
 * natural logarithm, as every framework has it, and with base 10, as a spreadsheet's LOG() does.
 */
export function entropySheet(): Sheet {
  const sheet = new Sheet('cross-entropy', 14);
  const titles = ['is it a cat?', 'predicted', 'natural: sum', 'natural: choice', 'base 10: sum', 'base 10: choice'];
  for (const [i, value] of titles.entries()) sheet.set(1, i + 1, { value, style: 'title' });
  for (const [i, [isCat, p]] of EXAMPLES.entries()) {
    const row = i + 2;
    sheet.set(row, 1, { value: isCat });
    sheet.set(row, 2, { value: p });
    const right = isCat === 1 ? p : 1 - p;
    for (const [k, [name, log]] of (
      [
        ['LN', Math.log],
        ['LOG10', Math.log10],
      ] as const
    ).entries()) {
      const both = `-A${row}*${name}(B${row})-(1-A${row})*${name}(1-B${row})`;
      const choice = `-IF(A${row}=1,${name}(B${row}),${name}(1-B${row}))`;
      sheet.set(row, 3 + 2 * k, { value: -log(right), formula: both, style: 'fine' });
      sheet.set(row, 4 + 2 * k, { value: -log(right), formula: choice, style: 'fine' });
    }
  }
  const last = EXAMPLES.length + 1;
  sheet.set(last + 1, 1, { value: 'mean', style: 'label' });
  for (let column = 3; column <= 6; column++) {
    const letter = 'ABCDEF'[column - 1] as string;
    const total = EXAMPLES.reduce((sum, _, i) => sum + (sheet.value(i + 2, column) as number), 0);
    const formula = `AVERAGE(${letter}2:${letter}${last})`;
    sheet.set(last + 1, column, { value: total / EXAMPLES.length, formula, style: 'fine' });
  }
  sheet.color({ row: 2, column: 3, rows: EXAMPLES.length, columns: 4 }, Math.log(10));
  sheet.set(last + 3, 1, {
    value:
      'LOG() of a spreadsheet has base 10; divide by LOG(EXP(1)) = 0.4343 for nats. Which base is used changes no order.',
    style: 'label',
  });
  return sheet;
}
