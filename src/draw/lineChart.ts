import {
  axis,
  type ChartText,
  GRID,
  INK,
  MUTED,
  roughWidth,
  round,
  SERIES_STYLES,
  shortened,
  svgFrame,
  svgLine,
  svgText,
} from './chartParts.js';
import { html, type Markup } from './markup.js';

export interface ChartAxis {
  readonly label: string;
  /** A scale of logarithms; values that are not positive are left out. @default false */
  readonly log?: boolean;
  /** The ends; by default those of the values. */
  readonly min?: number;
  readonly max?: number;
}

export interface LineSeries {
  readonly name: string;
  /** x and y of each point; a point that is not finite interrupts the line. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Lower and upper end of an interval around each point, drawn as a band. */
  readonly band?: readonly (readonly [low: number, high: number])[];
}

export interface LineChartOptions extends ChartText {
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  readonly series: readonly LineSeries[];
  /** Moments worth a line: an epoch that was best, a rate that was chosen. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
  /** @default 640 */
  readonly width?: number;
  /** @default 320 */
  readonly height?: number;
}

/** Lines over a common x as an SVG, told apart by dash, marker and a name at their end as well as by color. */
export function lineChart(options: LineChartOptions): Markup {
  const { x, y, series, marks = [], width = 640, height = 320 } = options;
  const usable = series.map(({ points }) => points.map(([px, py]) => ok(px, x.log) && ok(py, y.log)));
  const all = series.flatMap(({ points }, s) => points.filter((_, i) => usable[s]?.[i]));
  const bands = series.flatMap(({ band = [] }) => band.flat()).filter((value) => ok(value, y.log));
  const [x0, x1] = range([...all.map(([value]) => value), ...marks.map((mark) => mark.x)], x);
  const [y0, y1] = range([...all.map(([, value]) => value), ...bands], y);
  const names = Math.min(180, Math.max(40, ...series.map(({ name }) => roughWidth(name) + 24)));
  const [left, right, top, bottom] = [58, width - names, 40, height - 40];
  const across = axis(x0, x1, left, right, x.log, 7);
  const down = axis(y0, y1, bottom, top, y.log);
  const parts: Markup[] = [svgText(0, 15, shortened(options.title, width, 14), { bold: true, size: 14 })];
  for (const tick of down.ticks) {
    parts.push(svgLine(left, down.place(tick), right, down.place(tick), GRID));
    parts.push(svgText(left - 6, down.place(tick) + 4, down.label(tick), { anchor: 'end', fill: MUTED }));
  }
  for (const tick of across.ticks) {
    parts.push(svgLine(across.place(tick), bottom, across.place(tick), bottom + 4, MUTED));
    parts.push(svgText(across.place(tick), bottom + 17, across.label(tick), { anchor: 'middle', fill: MUTED }));
  }
  parts.push(svgLine(left, bottom, right, bottom, MUTED));
  parts.push(svgText((left + right) / 2, height - 6, x.label, { anchor: 'middle', fill: MUTED }));
  parts.push(svgText(0, 31, y.label, { fill: MUTED }));
  for (const mark of marks) {
    const at = across.place(mark.x);
    parts.push(
      html`<line x1="${round(at)}" y1="${top}" x2="${round(at)}" y2="${bottom}" stroke="${MUTED}" stroke-dasharray="2 2"/>`,
    );
    const anchor = at > (left + right) / 2 ? 'end' : 'start';
    parts.push(svgText(at + (anchor === 'end' ? -4 : 4), top + 10, mark.label, { anchor, fill: MUTED }));
  }
  const ends: { y: number; at: number; name: string; style: number }[] = [];
  for (const [s, { name, points, band = [] }] of series.entries()) {
    const style = SERIES_STYLES[s % SERIES_STYLES.length] as (typeof SERIES_STYLES)[number];
    const places = points.map(([px, py], i) =>
      usable[s]?.[i] === true ? ([round(across.place(px)), round(down.place(py))] as const) : undefined,
    );
    if (band.length === points.length) parts.push(bandShape(places, band, down.place, style.color));
    const line = places.map((place, i) =>
      place === undefined ? '' : `${places[i - 1] ? 'L' : 'M'}${place.join(' ')}`,
    );
    parts.push(
      html`<path d="${line.join('')}" fill="none" stroke="${style.color}" stroke-width="2" stroke-linejoin="round"${
        style.dash !== '' && html` stroke-dasharray="${style.dash}"`
      }/>`,
    );
    const every = Math.max(1, Math.ceil(points.length / 12));
    const last = places.findLastIndex((place) => place !== undefined);
    for (const [i, place] of places.entries()) {
      if (place !== undefined && (i % every === 0 || i === last)) parts.push(marker(style.marker, place, style.color));
    }
    const end = places[last];
    if (end !== undefined) ends.push({ y: end[1], at: end[0], name, style: s });
  }
  parts.push(...endLabels(ends, right, names, top, bottom));
  return svgFrame(options, width, height, parts);
}

const ok = (value: number, log = false) => Number.isFinite(value) && (!log || value > 0);

function range(values: readonly number[], { min, max, log = false }: ChartAxis): [number, number] {
  const used = values.filter((value) => ok(value, log));
  const low = min ?? used.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = max ?? used.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!(low <= high)) return log ? [1, 10] : [0, 1];
  return [low, high];
}

/** The names at the lines' ends, moved apart where they would cover each other. */
function endLabels(
  ends: readonly { y: number; at: number; name: string; style: number }[],
  right: number,
  space: number,
  top: number,
  bottom: number,
): Markup[] {
  const sorted = [...ends].sort((a, b) => a.y - b.y);
  const places: number[] = [];
  for (const { y } of sorted) places.push(Math.max(y, (places.at(-1) ?? top - 15) + 15));
  for (let i = places.length - 1, limit = bottom; i >= 0; i--, limit -= 15) {
    places[i] = Math.min(places[i] as number, limit);
  }
  return sorted.map(({ y, at, name, style }, i) => {
    const color = SERIES_STYLES[style % SERIES_STYLES.length]?.color ?? INK;
    const place = places[i] as number;
    return html`${svgLine(at + 4, y, right + 10, place, GRID)}${svgText(right + 14, place + 4, shortened(name, space - 16), { fill: color, bold: true })}`;
  });
}

function bandShape(
  places: readonly (readonly [number, number] | undefined)[],
  band: readonly (readonly [number, number])[],
  down: (value: number) => number,
  color: string,
): Markup {
  const known = places.flatMap((place, i) => {
    const [low, high] = band[i] as readonly [number, number];
    return place !== undefined && Number.isFinite(low) && Number.isFinite(high) ? [[place[0], low, high] as const] : [];
  });
  const upper = known.map(([x, , high]) => `${x} ${round(down(high))}`);
  const lower = known.map(([x, low]) => `${x} ${round(down(low))}`).reverse();
  if (known.length === 0) return html``;
  return html`<path d="M${[...upper, ...lower].join('L')}Z" fill="${color}" fill-opacity="0.15"/>`;
}

function marker(kind: string, [x, y]: readonly [number, number], color: string): Markup {
  const shape = (d: string) => html`<path d="${d}" fill="${color}"/>`;
  switch (kind) {
    case 'square':
      return shape(`M${x - 3} ${y - 3}h6v6h-6z`);
    case 'triangle':
      return shape(`M${x} ${y - 4}l4 7h-8z`);
    case 'diamond':
      return shape(`M${x} ${y - 4}l4 4l-4 4l-4 -4z`);
    case 'cross':
      return html`<path d="M${x - 3} ${y - 3}l6 6m0 -6l-6 6" stroke="${color}" stroke-width="2" fill="none"/>`;
    case 'ring':
      return html`<circle cx="${x}" cy="${y}" r="3" fill="none" stroke="${color}" stroke-width="2"/>`;
    default:
      return html`<circle cx="${x}" cy="${y}" r="3" fill="${color}"/>`;
  }
}
