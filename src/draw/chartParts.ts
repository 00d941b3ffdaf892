import { html, type Markup, type MarkupPart } from './markup.js';
import { numberText } from './numberText.js';

/** What every chart says besides its numbers. */
export interface ChartText {
  readonly title: string;
  /** What the chart shows, in a sentence made from its numbers: read aloud where nobody looks. */
  readonly sentence: string;
}

/** Colors of lines and bars one after the other (Okabe and Ito, 2008), each with a dash and a marker of its own. */
export const SERIES_STYLES = [
  { color: 'var(--series-1, #0072b2)', dash: '', marker: 'circle' },
  { color: 'var(--series-2, #d55e00)', dash: '7 3', marker: 'square' },
  { color: 'var(--series-3, #8a5a9e)', dash: '2 3', marker: 'triangle' },
  { color: 'var(--series-4, #b07a00)', dash: '9 3 2 3', marker: 'diamond' },
  { color: 'var(--series-5, #2b8fc4)', dash: '4 2 1 2 1 2', marker: 'cross' },
  { color: 'var(--series-6, #555555)', dash: '12 4', marker: 'ring' },
] as const;

export const INK = 'var(--ink, #1c1c1c)';
export const MUTED = 'var(--muted, #666666)';
export const GRID = 'var(--grid, #dddddd)';
export const POSITIVE = 'var(--positive, #0072b2)';
export const NEGATIVE = 'var(--negative, #d55e00)';

/** The frame of a chart: as wide as the page allows, with its title and its sentence for those who do not see it. */
export function svgFrame(text: ChartText, width: number, height: number, contents: MarkupPart): Markup {
  // A small one fits a phone as it is; a large one scrolls there, for its text would be too small.
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="${width <= 350 ? 'chart small' : 'chart'}" viewBox="0 0 ${width} ${round(height)}" width="${width}" height="${round(height)}" role="img" aria-label="${text.title}. ${text.sentence}" font-family="system-ui, sans-serif" font-size="12"><title>${text.title}</title><desc>${text.sentence}</desc>${contents}</svg>`;
}

export interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly fill?: string;
  readonly bold?: boolean;
  readonly size?: number;
  readonly rotate?: number;
}

export function svgText(x: number, y: number, text: string, style: TextStyle = {}): Markup {
  const { anchor = 'start', fill = INK, bold = false, size, rotate } = style;
  return html`<text x="${round(x)}" y="${round(y)}" fill="${fill}" text-anchor="${anchor}"${bold && html` font-weight="600"`}${
    size !== undefined && html` font-size="${size}"`
  }${rotate !== undefined && html` transform="rotate(${rotate} ${round(x)} ${round(y)})"`}>${text}</text>`;
}

export function svgLine(x1: number, y1: number, x2: number, y2: number, stroke: string, width = 1): Markup {
  return html`<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}" stroke-width="${width}"/>`;
}

/** Two decimals are finer than any screen, and keep files small and equal everywhere. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** About how wide a text of the charts' font is, in pixels. */
export function roughWidth(text: string, size = 12): number {
  return [...text].length * size * 0.58;
}

/** The text, cut to about `width` pixels. */
export function shortened(text: string, width: number, size = 12): string {
  const letters = [...text];
  const most = Math.max(2, Math.floor(width / (size * 0.58)));
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`;
}

/** An axis: where a value lies in pixels, and which values are written at it. */
export interface Axis {
  readonly ticks: readonly number[];
  place(value: number): number;
  label(value: number): string;
}

/** An axis from `from` to `to` pixels over values that lie between `min` and `max`, on a scale of logarithms on request. */
export function axis(min: number, max: number, from: number, to: number, log = false, wanted = 5): Axis {
  if (log) return logAxis(min, max, from, to);
  const span = max > min ? max - min : Math.abs(min) || 1;
  const [low, high] = max > min ? [min, max] : [min - span / 2, max + span / 2];
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (([1, 2, 5, 10] as const).find((one) => one * power >= rough) ?? 10);
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(i * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return {
    ticks,
    place: (value) => from + ((value - low) / (high - low)) * (to - from),
    label: (value) =>
      Math.abs(value) >= 1e6 || digits > 4 ? numberText(value) : value.toFixed(digits).replace(/^-/, '−'),
  };
}

function logAxis(min: number, max: number, from: number, to: number): Axis {
  const [low, high] = [Math.log10(min), Math.log10(max)];
  const span = high > low ? high - low : 1;
  const start = high > low ? low : low - 0.5;
  const factors = span <= 2 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(span / 7));
  const ticks: number[] = [];
  for (let power = Math.floor(start); power <= Math.ceil(start + span); power++) {
    if (power % every !== 0) continue;
    for (const factor of factors) {
      const at = Math.log10(factor) + power;
      if (at >= start - 1e-9 && at <= start + span + 1e-9) ticks.push(Number(`${factor}e${power}`));
    }
  }
  return {
    ticks,
    place: (value) => from + ((Math.log10(value) - start) / span) * (to - from),
    label: (value) => numberText(value),
  };
}
