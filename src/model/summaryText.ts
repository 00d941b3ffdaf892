import { formatShape } from '../tensor/shape.js';
import type { Summary, SummaryRow } from './summary.js';

/** One column: its heading, its share of the line, and what it shows of a layer. */
interface Column {
  readonly heading: string;
  readonly share: number;
  readonly cell: (row: SummaryRow) => string;
}

/** The table of a summary in the layout of Keras's `summary()`: one line per layer, between rules of _ and =. */
export function formatSummary(summary: Summary, lineLength?: number): string {
  const columns = columnsOf(summary);
  const width = Math.max(40, lineLength ?? (summary.cost === undefined ? 100 : 120));
  const whole = columns.reduce((sum, { share }) => sum + share, 0);
  let reached = 0;
  const ends = columns.map(({ share }) => {
    reached += share;
    return Math.round((reached / whole) * width);
  });
  const thin = '_'.repeat(width);
  const thick = '='.repeat(width);
  const lines = [
    thin,
    formatLine(
      columns.map((column) => column.heading),
      ends,
    ),
    thick,
  ];
  summary.rows.forEach((row, i) => {
    lines.push(
      formatLine(
        columns.map((column) => column.cell(row)),
        ends,
      ),
    );
    lines.push(i === summary.rows.length - 1 ? thick : thin);
  });
  return [...lines, ...footer(summary), thin].join('\n');
}

function columnsOf({ kind, cost }: Summary): Column[] {
  const connected: Column = {
    heading: 'Connected to',
    share: 24,
    cell: ({ inputs }) => inputs.join(', '),
  };
  const costs: Column[] = [
    { heading: 'Multiply-adds', share: 16, cell: (row) => commas(row.cost?.macs ?? 0) },
    { heading: 'FLOPs', share: 16, cell: (row) => commas(row.cost?.flops ?? 0) },
    { heading: 'Bytes moved', share: 14, cell: (row) => commas(row.cost?.bytes ?? 0) },
  ];
  return [
    { heading: 'Layer (type)', share: 34, cell: ({ name, type }) => `${name} (${type})` },
    { heading: 'Output Shape', share: 22, cell: ({ outputShape }) => formatShape([null, ...outputShape]) },
    { heading: 'Param #', share: 13, cell: ({ parameters }) => commas(parameters) },
    {
      heading: 'Trainable',
      share: 10,
      cell: ({ trainable, parameters }) => (parameters === 0 ? '' : trainable ? 'yes' : 'no'),
    },
    ...(kind === 'functional' ? [connected] : []),
    ...(cost === undefined ? [] : costs),
  ];
}

/** Each cell is cut where its column ends, with a space before the next one. */
function formatLine(cells: readonly string[], ends: readonly number[]): string {
  let line = '';
  cells.forEach((cell, i) => {
    const end = ends[i] as number;
    line = (i === 0 ? cell : `${line.slice(0, -1)} ${cell}`).slice(0, end).padEnd(end);
  });
  return line.trimEnd();
}

function footer({ parameters, bytes, cost, batchSize }: Summary): string[] {
  const lines = [
    `Total params: ${commas(parameters.total)} (${megabytes(bytes)})`,
    `Trainable params: ${commas(parameters.trainable)}`,
    `Non-trainable params: ${commas(parameters.nonTrainable)}`,
  ];
  if (cost === undefined) return lines;
  const per = `a forward pass of ${batchSize} example${batchSize === 1 ? '' : 's'}`;
  const sums = `${commas(cost.macs)} multiply-adds, ${commas(cost.flops)} FLOPs, ${megabytes(cost.bytes)} moved`;
  return [...lines, `${per[0]?.toUpperCase()}${per.slice(1)}: ${sums}`];
}

function commas(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
}

function megabytes(bytes: number): string {
  if (bytes < 2 ** 20) return `${(bytes / 2 ** 10).toFixed(1)} KiB`;
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
