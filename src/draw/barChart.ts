import {
  axis,
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
  svgLine,
  svgText,
} from './chartParts.js';
import { html, type Markup } from './markup.js';
import { numberText } from './numberText.js';

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Both ends of an interval around the value. */
  readonly low?: number;
  readonly high?: number;
  /** What is written instead of the value: `93.1 %, 27 of 29`. */
  readonly text?: string;
}

export interface BarChartOptions extends ChartText {
  readonly bars: readonly Bar[];
  /** What the values are, with their unit. */
  readonly valueLabel: string;
  /** The ends of the scale; by default zero and the values'. */
  readonly min?: number;
  readonly max?: number;
  /** @default 640 */
  readonly width?: number;
}

const ROW = 24;

/** Horizontal bars with their numbers as an SVG, negative ones in orange to the left of zero, and intervals as whiskers. */
export function barChart(options: BarChartOptions): Markup {
  const { bars, width = 640 } = options;
  const values = bars.flatMap(({ value, low = value, high = value }) => [value, low, high]).filter(Number.isFinite);
  const min = options.min ?? Math.min(0, ...values);
  const max = options.max ?? Math.max(0, ...values);
  const texts = bars.map(({ value, text }) => text ?? numberText(value));
  const names = Math.min(width * 0.35, Math.max(20, ...bars.map(({ label }) => roughWidth(label) + 10)));
  const numbers = Math.min(width * 0.35, Math.max(30, ...texts.map((text) => roughWidth(text) + 14)));
  const [left, right, top] = [names, width - numbers, 28];
  const bottom = top + bars.length * ROW;
  const scale = axis(min, max, left, right, false, 5);
  const within = (value: number) => scale.place(Math.min(max, Math.max(min, value)));
  const parts: Markup[] = [svgText(0, 15, shortened(options.title, width, 14), { bold: true, size: 14 })];
  for (const tick of scale.ticks) {
    parts.push(svgLine(scale.place(tick), top, scale.place(tick), bottom, GRID));
    parts.push(svgText(scale.place(tick), bottom + 14, scale.label(tick), { anchor: 'middle', fill: MUTED }));
  }
  for (const [i, { label, value, low, high }] of bars.entries()) {
    const middle = top + i * ROW + ROW / 2;
    parts.push(svgText(left - 6, middle + 4, shortened(label, names - 8), { anchor: 'end' }));
    if (Number.isFinite(value)) {
      const [from, to] = [within(0), within(value)].sort((a, b) => a - b) as [number, number];
      parts.push(
        html`<rect x="${round(from)}" y="${middle - 7}" width="${round(to - from)}" height="14" fill="${value < 0 ? NEGATIVE : POSITIVE}"/>`,
      );
    }
    if (low !== undefined && high !== undefined && Number.isFinite(low) && Number.isFinite(high)) {
      const [a, b] = [within(low), within(high)];
      parts.push(svgLine(a, middle, b, middle, INK, 1.5));
      parts.push(svgLine(a, middle - 4, a, middle + 4, INK, 1.5), svgLine(b, middle - 4, b, middle + 4, INK, 1.5));
    }
    parts.push(svgText(right + 10, middle + 4, shortened(texts[i] as string, numbers - 8)));
  }
  parts.push(svgLine(within(0), top, within(0), bottom, MUTED));
  parts.push(svgText((left + right) / 2, bottom + 30, options.valueLabel, { anchor: 'middle', fill: MUTED }));
  return svgFrame(options, width, bottom + 36, parts);
}
