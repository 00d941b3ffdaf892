import {
  type ChartText,
  GRID,
  INK,
  MUTED,
  NEGATIVE,
  POSITIVE,
  roughWidth,
  round,
  shortened,
  svgFrame,
  svgText,
} from './chartParts.js';
import { html, type Markup } from './markup.js';

export interface MatrixChartOptions extends ChartText {
  /** How many of class `row` were called class `column`. */
  readonly counts: readonly ArrayLike<number>[];
  readonly labels: readonly string[];
  /** @default 'really' */
  readonly rowTitle?: string;
  /** @default 'called' */
  readonly columnTitle?: string;
  /** Where a cell leads to: an address within the page, such as `#cell-0-1`. */
  readonly link?: (row: number, column: number) => string | undefined;
  /** @default 640 */
  readonly width?: number;
}

/** From this many classes cells become too small for their counts; each still says them when pointed at. */
const MOST_WITH_COUNTS = 24;

/**
 * A confusion matrix with its counts as an SVG: a row for each true class, shaded by its share of the row, blue where it was
 * called right and orange where it was not.
 */
export function matrixChart(options: MatrixChartOptions): Markup {
  const { counts, labels, rowTitle = 'really', columnTitle = 'called', width = 640 } = options;
  const n = labels.length;
  const names = Math.min(150, Math.max(30, ...labels.map((label) => roughWidth(label) + 8)));
  const [left, top] = [names + 18, 44 + Math.min(110, names)];
  // Slanted names of the last columns reach beyond their cells.
  const cell = Math.max(4, Math.min(56, (width - left - 8 - names * 0.6) / Math.max(1, n)));
  const side = cell * n;
  const parts: Markup[] = [
    svgText(0, 15, shortened(options.title, width, 14), { bold: true, size: 14 }),
    svgText(left + side / 2, 34, columnTitle, { anchor: 'middle', fill: MUTED }),
    svgText(12, top + side / 2, rowTitle, { anchor: 'middle', fill: MUTED, rotate: -90 }),
  ];
  const size = Math.min(12, cell * 0.8);
  const slanted = labels.some((label) => roughWidth(label) > cell - 4);
  for (const [i, label] of labels.entries()) {
    const middle = (i + 0.5) * cell;
    const text = shortened(label, names - 6, size);
    parts.push(svgText(left - 6, top + middle + size / 3, text, { anchor: 'end', size: round(size) }));
    const style = slanted ? ({ rotate: -55 } as const) : ({ anchor: 'middle' } as const);
    parts.push(svgText(left + middle + (slanted ? size / 3 : 0), top - 6, text, { ...style, size: round(size) }));
  }
  for (const [i, row] of counts.entries()) {
    const total = Array.from(row).reduce((sum, count) => sum + count, 0);
    for (let j = 0; j < n; j++) {
      const count = row[j] as number;
      const share = total > 0 ? count / total : 0;
      const [x, y] = [left + j * cell, top + i * cell];
      const said = `${labels[i]} called ${labels[j]}: ${count} of ${total}`;
      const color = i === j ? POSITIVE : NEGATIVE;
      const target = options.link?.(i, j);
      const rectangle = html`<rect x="${round(x)}" y="${round(y)}" width="${round(cell)}" height="${round(cell)}" fill="${color}" fill-opacity="${round(share)}" stroke="${GRID}" stroke-width="0.5"><title>${said}</title></rect>`;
      parts.push(target === undefined ? rectangle : html`<a href="${target}" aria-label="${said}">${rectangle}</a>`);
      if (n > MOST_WITH_COUNTS) continue;
      const textSize = Math.min(13, cell * 0.45, (cell * 1.5) / String(count).length);
      const fill = count === 0 ? MUTED : share > 0.55 ? 'var(--on-color, #ffffff)' : INK;
      parts.push(
        html`<g pointer-events="none">${svgText(x + cell / 2, y + cell / 2 + textSize / 3, String(count), {
          anchor: 'middle',
          fill,
          size: round(textSize),
        })}</g>`,
      );
    }
  }
  return svgFrame(options, width, top + side + 8, parts);
}
