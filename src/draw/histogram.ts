import { FoveaError } from '../tensor/errors.js';
import {
  axis,
  type ChartText,
  GRID,
  INK,
  MUTED,
  POSITIVE,
  round,
  shortened,
  svgFrame,
  svgLine,
  svgText,
} from './chartParts.js';
import { html, type Markup } from './markup.js';

/** How many values lie between each edge and the next; the last part includes its upper edge. */
export interface Bins {
  /** One more than counts, rising. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** Values that are not finite, in no part. */
  readonly notFinite: number;
}

/** Counts values in parts of equal width between their least and their greatest, or between given ends. */
export function countBins(values: ArrayLike<number>, parts = 30, ends?: readonly [number, number]): Bins {
  if (!Number.isInteger(parts) || parts < 1 || parts > 10_000) {
    const rule = 'the number of parts is a whole number from 1 to 10000';
    throw new FoveaError('option', { where: 'countBins', rule, received: String(parts) });
  }
  let [low, high] = ends ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; ends === undefined && i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!(low <= high)) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const counts = new Array<number>(parts).fill(0);
  let notFinite = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) notFinite++;
    if (!(value >= low && value <= high)) continue;
    const part = Math.min(parts - 1, Math.floor(((value - low) / (high - low)) * parts));
    counts[part] = (counts[part] as number) + 1;
  }
  const edges = Array.from({ length: parts + 1 }, (_, i) => low + ((high - low) * i) / parts);
  return { edges, counts, notFinite };
}

export interface HistogramOptions extends ChartText {
  readonly bins: Bins;
  readonly xLabel: string;
  /** @default 'count' */
  readonly yLabel?: string;
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
  /** @default 480 */
  readonly width?: number;
  /** @default 220 */
  readonly height?: number;
}

/** A distribution as an SVG. */
export function histogram(options: HistogramOptions): Markup {
  const { bins, width = 480, height = 220, yLabel = 'count', marks = [] } = options;
  const { edges, counts } = bins;
  const [left, right, top, bottom] = [52, width - 12, 54, height - 38];
  const across = axis(edges[0] ?? 0, edges.at(-1) ?? 1, left, right, false, 6);
  const down = axis(0, Math.max(1, ...counts), bottom, top, false, 4);
  const parts: Markup[] = [svgText(0, 15, shortened(options.title, width, 14), { bold: true, size: 14 })];
  for (const tick of down.ticks) {
    parts.push(svgLine(left, down.place(tick), right, down.place(tick), GRID));
    parts.push(svgText(left - 6, down.place(tick) + 4, down.label(tick), { anchor: 'end', fill: MUTED }));
  }
  for (const [i, count] of counts.entries()) {
    if (count === 0) continue;
    const [from, to] = [across.place(edges[i] as number), across.place(edges[i + 1] as number)];
    const y = down.place(count);
    parts.push(
      html`<rect x="${round(from + 0.5)}" y="${round(y)}" width="${round(Math.max(0.5, to - from - 1))}" height="${round(bottom - y)}" fill="${POSITIVE}"/>`,
    );
  }
  for (const tick of across.ticks) {
    parts.push(svgText(across.place(tick), bottom + 15, across.label(tick), { anchor: 'middle', fill: MUTED }));
  }
  for (const mark of marks) {
    const at = across.place(mark.x);
    parts.push(svgLine(at, top - 12, at, bottom, INK, 1.5));
    const anchor = at > (left + right) / 2 ? 'end' : 'start';
    parts.push(svgText(at + (anchor === 'end' ? -4 : 4), top - 3, mark.label, { anchor }));
  }
  parts.push(svgLine(left, bottom, right, bottom, MUTED));
  parts.push(svgText((left + right) / 2, height - 6, options.xLabel, { anchor: 'middle', fill: MUTED }));
  parts.push(svgText(0, 32, yLabel, { fill: MUTED }));
  return svgFrame(options, width, height, parts);
}
