import type { Phase } from '../ops/graph.js';
import type { OpName } from '../ops/table.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import { align } from './arena.js';
import type { Placement, Plan } from './plan.js';

/** One step of a plan, for a person or a program to read. */
export interface PlanStepFacts {
  readonly number: number;
  readonly phase: Phase;
  readonly op: OpName;
  /** The layer that the step belongs to; '' outside of one. */
  readonly layer: string;
  /** Of the first output. */
  readonly shape: Shape;
  /** Where the first output is written: an offset in the arena, or the name of a variable. */
  readonly at: number | string;
  /** The engine's algorithm, where it has several for the op. */
  readonly algorithm: string | undefined;
  readonly flops: number;
  /** Bytes read and written. */
  readonly traffic: number;
  /** Bytes of scratch memory for this step alone. */
  readonly workspace: number;
  /** Bytes of the arena that hold something while the step runs. */
  readonly live: number;
}

/** A stretch of the arena and the steps in which it holds something; −1 is before the first step. */
export interface PlanBuffer {
  /** What is in it first: an input's name, or the op and layer that write it. */
  readonly content: string;
  readonly offset: number;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** A plan as data: what happens in which order, and in how much memory. */
export interface PlanFacts {
  readonly steps: readonly PlanStepFacts[];
  readonly buffers: readonly PlanBuffer[];
  readonly variables: readonly { readonly name: string; readonly shape: Shape; readonly bytes: number }[];
  /** Bytes that the engine reserves for everything but variables. */
  readonly arenaBytes: number;
  /** The most of them that hold something at the same time, and in which step. */
  readonly peakBytes: number;
  readonly peakStep: number;
  readonly variableBytes: number;
  /** Of weights that are kept prepared from run to run. */
  readonly keptBytes: number;
  readonly flops: number;
}

/** Everything that can be known of a plan before it runs. */
export function planFacts(plan: Plan): PlanFacts {
  const buffers = buffersOf(plan);
  const live = plan.steps.map((_, step) =>
    buffers.reduce((sum, one) => (one.first <= step && step <= one.last ? sum + align(one.bytes) : sum), 0),
  );
  const peakBytes = live.reduce((most, bytes) => Math.max(most, bytes), 0);
  return {
    steps: plan.steps.map((step, number) => {
      const { node, outputs, flops, traffic, workspace, algorithm } = step;
      const { op, phase, scope } = node;
      return {
        ...{ number, phase, op, layer: scope, shape: node.outputs[0]?.shape ?? [], at: placeOf(outputs[0]) },
        ...{ algorithm, flops, traffic, workspace: workspace?.bytes ?? 0, live: live[number] ?? 0 },
      };
    }),
    buffers,
    variables: plan.variables.map(({ name, shape, size }) => ({ name, shape, bytes: 4 * size })),
    arenaBytes: plan.arenaBytes,
    peakBytes,
    peakStep: live.indexOf(peakBytes),
    variableBytes: plan.variableBytes,
    keptBytes: plan.keptBytes,
    flops: plan.flops,
  };
}

/** A plan as text: one line per step, then buffers, variables and memory. */
export function planText(plan: Plan): string {
  const facts = planFacts(plan);
  const lines = [
    table(
      [
        ['step', 'phase', 'op', 'algorithm', 'layer', 'output', 'kept at', 'MFLOP', 'moved', 'scratch', 'live'],
        ...facts.steps.map(
          ({ number, phase, op, algorithm = '', layer, shape, at, flops, traffic, workspace, live }) => [
            ...[`${number}`, phase, op, algorithm, layer, formatShape(shape)],
            typeof at === 'number' ? `+${at}` : at,
            (flops / 1e6).toFixed(2),
            ...[kibibytes(traffic), workspace === 0 ? '' : kibibytes(workspace), kibibytes(live)],
          ],
        ),
      ],
      [true, false, false, false, false, false, false, true, true, true, true],
    ),
    '',
    table(
      [
        ['buffer', 'offset', 'size', 'steps', 'content'],
        ...facts.buffers.map(({ content, offset, bytes, first, last }, i) => [
          ...[`${i}`, `+${offset}`, kibibytes(bytes)],
          `${first === -1 ? 'before' : first} to ${last >= facts.steps.length ? 'end' : last}`,
          content,
        ]),
      ],
      [true, true, true, false, false],
    ),
    '',
    `${facts.steps.length} steps, ${(facts.flops / 1e6).toFixed(1)} MFLOP, ${facts.buffers.length} buffers.`,
    `Arena: ${kibibytes(facts.arenaBytes)}; at most ${kibibytes(facts.peakBytes)} of it are in use at once, in step ${facts.peakStep}.`,
    `Variables: ${kibibytes(facts.variableBytes)} in ${facts.variables.length} arrays.`,
    ...(facts.keptBytes === 0 ? [] : [`Prepared weights: ${kibibytes(facts.keptBytes)}.`]),
    `Together: ${kibibytes(facts.arenaBytes + facts.variableBytes + facts.keptBytes)}.`,
  ];
  return lines.join('\n');
}

/** Follows what is written to and read from each place: a write begins a new content, reads prolong it. */
function buffersOf(plan: Plan): PlanBuffer[] {
  const buffers: { content: string; offset: number; bytes: number; first: number; last: number }[] = [];
  const present = new Map<number, (typeof buffers)[number]>();
  const write = (place: Placement, content: string, step: number): void => {
    if (place.kind !== 'arena') return;
    const buffer = { content, offset: place.offset, bytes: place.bytes, first: step, last: step };
    const before = present.get(place.offset);
    // What is computed in place takes the buffer over; it is not there twice.
    if (before !== undefined && before.last === step && step >= 0 && before.bytes === place.bytes) return;
    buffers.push(buffer);
    present.set(place.offset, buffer);
  };
  const read = (place: Placement, step: number): void => {
    const buffer = place.kind === 'arena' ? present.get(place.offset) : undefined;
    if (buffer !== undefined) buffer.last = step;
  };
  for (const [name, { placement }] of plan.inputs) write(placement, `input ${name}`, -1);
  plan.steps.forEach(({ node, inputs, outputs, workspace }, step) => {
    for (const place of inputs) read(place, step);
    const by = node.scope === '' ? node.op : `${node.op} ${node.scope}`;
    outputs.forEach((place, i) => {
      write(place, outputs.length === 1 ? by : `${by}, output ${i}`, step);
    });
    if (workspace !== undefined) write(workspace, `${by}, scratch`, step);
  });
  for (const { placement } of plan.outputs.values()) read(placement, plan.steps.length);
  if (plan.guard !== undefined) read(plan.guard.placement, plan.firstUpdate);
  return buffers;
}

function placeOf(place: Placement | undefined): number | string {
  if (place === undefined) return '';
  if (place.kind === 'kept') return `kept ${place.offset}`;
  return place.kind === 'arena' ? place.offset : place.variable.name;
}

function table(rows: readonly (readonly string[])[], right: readonly boolean[]): string {
  const widths = right.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (right[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

function kibibytes(bytes: number): string {
  if (bytes < 2 ** 10) return `${bytes} B`;
  return bytes < 10 * 2 ** 20 ? `${(bytes / 2 ** 10).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
