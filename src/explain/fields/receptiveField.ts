import type { Layer } from '../../layers/layer.js';
import type { Model } from '../../model/model.js';
import { Graph, type Value } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';
import { FoveaError } from '../../tensor/errors.js';
import { formatShape, type Shape } from '../../tensor/shape.js';
import { type AxisRule, spatialRule } from './spatialRule.js';

/** The pixels that a unit sees along one axis, borders left aside: unit u sees `size` pixels from `start + u · stride`. */
export interface AxisField {
  readonly size: number;
  /** Pixels from one unit to the next. */
  readonly stride: number;
  readonly start: number;
}

/** What one unit of a layer sees of the network's input. */
export interface ReceptiveField {
  readonly layer: string;
  /** Of the layer's output, without the batch axis. */
  readonly shape: Shape;
  /** 'whole': each unit sees all of the input, or may (behind global pooling, a dense layer, a reshape). */
  readonly field: { readonly rows: AxisField; readonly columns: AxisField } | 'whole';
  /**
   * False where paths of different strides or centers are joined: the region then moves unevenly, and `field` covers all
   * of them.
   */
  readonly aligned: boolean;
}

/** A rectangle of pixels; fractions of a pixel occur once it was carried over to another size. */
export interface Region {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

type Field = { readonly rows: AxisField; readonly columns: AxisField; readonly aligned: boolean } | 'whole';

/**
 * Receptive fields of every layer of a model whose input is one picture [h, w, c], sequential or a graph. Sizes, strides
 * and starts follow Araujo, Norris & Sim (Distill 2019), dilation included; where paths join, the field covers all of them.
 */
export class ReceptiveFields {
  readonly #layers = new Map<Layer, Value>();
  readonly #fields = new Map<Value, Field>();
  readonly #input: Value;
  readonly #model: Model;

  /** @throws FoveaError `shape` where the model does not take one picture. */
  constructor(model: Model) {
    const [shape] = model.inputShapes;
    if (model.inputShapes.length !== 1 || shape?.length !== 3) {
      throw new FoveaError('shape', {
        where: `receptive fields of model "${model.name}"`,
        rule: 'the model must take one picture [h, w, c]',
        received: model.inputShapes.map(formatShape).join(' and '),
      });
    }
    const graph = new Graph(opTable);
    this.#model = model;
    this.#input = graph.input('x', [1, ...shape]);
    const trace = model.trace(graph, [this.#input], { training: false });
    for (const [layer, value] of trace.layerOutputs) this.#layers.set(layer, value);
    const point = { size: 1, stride: 1, start: 0 };
    this.#fields.set(this.#input, { rows: point, columns: point, aligned: true });
    for (const node of graph.nodes) {
      const fields = node.inputs.flatMap((input, i) => {
        const field = this.#fields.get(input);
        return field === undefined ? [] : [through(field, spatialRule(node, i))];
      });
      if (fields.length === 0) continue;
      const joined = fields.reduce(join);
      for (const output of node.outputs) this.#fields.set(output, joined);
    }
  }

  /** One entry for each layer, in the order of the model. */
  all(): ReceptiveField[] {
    return this.#model.layers.map((layer) => this.of(layer.name));
  }

  /** @throws FoveaError `name` for an unknown layer. */
  of(layer: string | number): ReceptiveField {
    const found = this.#model.layer(layer);
    const value = this.#layers.get(found) as Value;
    const field = this.#fields.get(value) ?? 'whole';
    const shape = value.shape.slice(1);
    if (field === 'whole') return { layer: found.name, shape, field, aligned: true };
    const { rows, columns, aligned } = field;
    return { layer: found.name, shape, field: { rows, columns }, aligned };
  }

  /**
   * The pixels of the input that can change a unit at [y, x] of a layer, as a mask [h · w] of zeros and ones: exact, with
   * borders and with the holes that a stride larger than its window leaves. Exact for connections; a weight of 0 is not
   * looked at.
   */
  pixels(layer: string | number, y: number, x: number): Uint8Array {
    const value = this.#layers.get(this.#model.layer(layer)) as Value;
    const [, h, w] = value.shape as [number, number, number];
    const picture = value.shape.length === 4;
    if (picture && !(Number.isInteger(y) && Number.isInteger(x) && y >= 0 && y < h && x >= 0 && x < w)) {
      throw new FoveaError('option', {
        where: `layer "${this.#model.layer(layer).name}"`,
        rule: `its units lie at rows 0 to ${h - 1} and columns 0 to ${w - 1}`,
        received: `[${y}, ${x}]`,
      });
    }
    const masks = new Map<Value, Uint8Array>();
    const seed = new Uint8Array(picture ? h * w : 1);
    seed[picture ? y * w + x : 0] = 1;
    masks.set(value, seed);
    for (const node of value.graph.nodes.slice().reverse()) {
      const reached = node.outputs.map((output) => masks.get(output)).find((mask) => mask !== undefined);
      if (reached === undefined) continue;
      const [output] = node.outputs as [Value];
      node.inputs.forEach((input, i) => {
        if (!this.#fields.has(input)) return;
        const mask = backThrough(reached, output.shape, input.shape, spatialRule(node, i));
        const known = masks.get(input);
        if (known === undefined) masks.set(input, mask);
        else for (let p = 0; p < mask.length; p++) known[p] = (known[p] as number) | (mask[p] as number);
      });
    }
    const [, height, width] = this.#input.shape as [number, number, number];
    return masks.get(this.#input) ?? new Uint8Array(height * width);
  }

  /** The smallest rectangle of the input with all pixels that can change a unit; the whole input for a layer without places. */
  region(layer: string | number, y: number, x: number): Region {
    const [, height, width] = this.#input.shape as [number, number, number];
    if (this.of(layer).field === 'whole') return { top: 0, left: 0, height, width };
    return boundsOf(this.pixels(layer, y, x), height, width);
  }
}

/** The smallest rectangle around the ones of a mask; empty where there are none. */
function boundsOf(mask: Uint8Array, height: number, width: number): Region {
  let [top, left, bottom, right] = [height, width, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (mask[y * width + x] === 0) continue;
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
      [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
    }
  }
  if (bottom === 0) return { top: 0, left: 0, height: 0, width: 0 };
  return { top, left, height: bottom - top, width: right - left };
}

function through(field: Field, rule: ReturnType<typeof spatialRule>): Field {
  if (field === 'whole' || rule === 'whole') return 'whole';
  const axis = ({ size, stride, start }: AxisField, { extent, stride: step, offset }: AxisRule): AxisField => ({
    size: size + (extent - 1) * stride,
    stride: stride * step,
    start: start + offset * stride,
  });
  return {
    rows: axis(field.rows, rule.rows),
    columns: axis(field.columns, rule.columns),
    aligned: field.aligned,
  };
}

function join(a: Field, b: Field): Field {
  if (a === 'whole' || b === 'whole') return 'whole';
  const center = ({ start, size }: AxisField): number => start + (size - 1) / 2;
  const alike = (p: AxisField, q: AxisField): boolean => p.stride === q.stride && center(p) === center(q);
  const axis = (p: AxisField, q: AxisField): AxisField => {
    const start = Math.min(p.start, q.start);
    const end = Math.max(p.start + p.size, q.start + q.size);
    return { size: end - start, stride: Math.max(p.stride, q.stride), start };
  };
  return {
    rows: axis(a.rows, b.rows),
    columns: axis(a.columns, b.columns),
    aligned: a.aligned && b.aligned && alike(a.rows, b.rows) && alike(a.columns, b.columns),
  };
}

/** Carries a mask of an op's output back to its input: rows first, then columns. */
function backThrough(mask: Uint8Array, output: Shape, input: Shape, rule: ReturnType<typeof spatialRule>): Uint8Array {
  const [, h, w] = input as [number, number, number];
  if (rule === 'whole') return new Uint8Array(input.length === 4 ? h * w : 1).fill(1);
  const [, oh, ow] = output as [number, number, number];
  const rows = new Uint8Array(h * ow);
  for (let oy = 0; oy < oh; oy++) {
    for (const y of rule.rows.inputsOf(oy)) {
      for (let ox = 0; ox < ow; ox++) if (mask[oy * ow + ox] !== 0) rows[y * ow + ox] = 1;
    }
  }
  const all = new Uint8Array(h * w);
  for (let ox = 0; ox < ow; ox++) {
    for (const x of rule.columns.inputsOf(ox)) {
      for (let y = 0; y < h; y++) if (rows[y * ow + ox] !== 0) all[y * w + x] = 1;
    }
  }
  return all;
}
