import type { WeightReport } from '../../formats/loadWeights.js';
import { columns, count } from '../format.js';

/** Names that are shown of each kind. */
const MOST = 10;

/** What became of the tensors of a file: how many found their weight, and those that did not with the nearest name. */
export function weightReportText({ matched, missing, unused, misfits }: WeightReport): string[] {
  const near = (nearest: string | undefined): string => (nearest === undefined ? '' : `nearest: ${nearest}`);
  const parts = [
    { what: 'without a tensor', rows: missing.map(({ weight, nearest }) => [weight, near(nearest)]) },
    {
      what: 'of another shape',
      rows: misfits.map(({ tensor, weight, reason }) => [tensor, `for ${weight}: ${reason}`]),
    },
    { what: 'not used', rows: unused.map(({ tensor, nearest }) => [tensor, near(nearest)]) },
  ];
  const all = matched.length + missing.length + misfits.length;
  const lines = [`${matched.length} of ${count(all, 'weight')} found`];
  for (const { what, rows } of parts) {
    if (rows.length === 0) continue;
    const more = rows.length > MOST ? [`  and ${count(rows.length - MOST, 'more', 'more')}`] : [];
    const shown = rows.slice(0, MOST).map((row) => row.map(visible));
    lines.push(`${count(rows.length, 'name')} ${what}:`, ...columns(shown).map((line) => `  ${line}`), ...more);
  }
  return lines;
}

/** A name from a file, which may be anything, cut to a line that does nothing to a terminal. */
function visible(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?').slice(0, 160);
}
