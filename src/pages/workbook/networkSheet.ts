import { type CellRange, cellName, rangeName } from '../../formats/xlsx/cells.js';
import { Sheet } from '../../formats/xlsx/sheet.js';
import { FoveaError } from '../../tensor/errors.js';
import type { CellActivation, NetworkDescription, NetworkStep } from './networkDescription.js';

/** Values [h, w, c] that stand in the sheet as one block for each channel, one below the other. */
export interface Stage {
  readonly height: number;
  readonly width: number;
  readonly blocks: readonly CellRange[];
}

/** A sheet with a network, and where its last values stand. */
export interface NetworkSheet {
  readonly sheet: Sheet;
  readonly last: Stage;
}

/** More than this make files that spreadsheets open slowly or not at all. */
const MAX_CELLS = 120_000;
const MAX_LETTERS = 30_000_000;
/** About the length of the product of a window with its weights. */
const PRODUCT_LETTERS = 40;
/** Excel's own limit for one formula. */
const MAX_FORMULA = 8192;
const TOP = 4;

/**
 * The whole way of a picture through a network as live formulas in one sheet, from left to right: the picture, the weights of
 * each layer beside what they make, down to the last values. `x` is [h, w, c], row by row.
 *
 * @throws FoveaError `memory` for a network with too many values for a sheet.
 */
export function networkSheet(network: NetworkDescription, x: ArrayLike<number>): NetworkSheet {
  checkSize(network);
  const writer = new NetworkWriter(network.name);
  const [h = 1, w = 1, c = 1] = network.inputShape;
  let stage = writer.input(x, h, w, c);
  for (const step of network.steps) stage = writer.step(stage, step);
  return { sheet: writer.sheet, last: stage };
}

/** Refuses a network before its cells are made: they would fill the memory first. */
function checkSize({ inputShape, steps }: NetworkDescription): void {
  let [h = 1, w = 1, c = 1] = inputShape;
  let [cells, letters] = [h * w * c, 0];
  for (const step of steps) {
    const inputs = c;
    if (step.kind === 'convolution' || step.kind === 'pooling') {
      const [kh, kw] = step.kind === 'convolution' ? step.kernelShape : step.size;
      h = Math.floor((h - kh) / step.strides[0]) + 1;
      w = Math.floor((w - kw) / step.strides[1]) + 1;
      if (step.kind === 'convolution') [c, cells] = [step.kernelShape[3], cells + step.kernel.length];
    } else if (step.kind === 'dense') {
      [h, w, c, cells] = [step.units, 1, 1, cells + step.kernel.length];
    } else if (step.kind === 'padding') {
      const [top, bottom, left, right] = step.sides;
      [h, w] = [h + top + bottom, w + left + right];
    }
    cells += h * w * c;
    const summed = step.kind === 'convolution' || step.kind === 'dense';
    const letter = summed ? inputs * PRODUCT_LETTERS : PRODUCT_LETTERS;
    letters += h * w * c * letter;
    if (cells <= MAX_CELLS && letters <= MAX_LETTERS && letter <= MAX_FORMULA) continue;
    const n = (count: number): string => count.toLocaleString('en-US');
    const [rule, received] =
      cells > MAX_CELLS
        ? [`at most ${n(MAX_CELLS)} numbers`, `${n(cells)} up to this layer`]
        : letter > MAX_FORMULA
          ? [`formulas of at most ${n(MAX_FORMULA)} letters`, `${n(letter)}, for ${inputs} numbers that one is made of`]
          : [`at most ${n(MAX_LETTERS)} letters of formulas`, `${n(letters)} up to this layer`];
    throw new FoveaError('memory', {
      where: `workbook, layer "${step.name}"`,
      rule: `a sheet that still opens quickly has ${rule}`,
      received,
      remedy: 'Use a smaller network: fewer filters, smaller pictures, no wide dense layer',
    });
  }
}

class NetworkWriter {
  readonly sheet = new Sheet('network', 6);
  /** The next free column. */
  #column = 1;

  constructor(name: string) {
    this.sheet.set(1, 1, { value: name, style: 'title' });
  }

  input(x: ArrayLike<number>, h: number, w: number, c: number): Stage {
    const stage = this.#stage('input', h, w, c);
    for (const [k, block] of stage.blocks.entries()) {
      this.#fill(block, (y, u) => ({ value: x[(y * w + u) * c + k] as number }));
    }
    return this.#colored(stage);
  }

  step(from: Stage, step: NetworkStep): Stage {
    switch (step.kind) {
      case 'convolution':
        return this.#convolution(from, step);
      case 'pooling':
        return this.#pooling(from, step);
      case 'dense':
        return this.#dense(from, step);
      case 'padding':
        return this.#padding(from, step);
      case 'affine':
        return this.#affine(from, step);
    }
  }

  #convolution(from: Stage, step: NetworkStep & { kind: 'convolution' }): Stage {
    const [kh, kw, cIn, cOut] = step.kernelShape;
    const [down, across] = step.strides;
    const height = Math.floor((from.height - kh) / down) + 1;
    const width = Math.floor((from.width - kw) / across) + 1;
    const rows = Math.max(height, kh) + 2;
    const weights = this.#weights(step.name, cOut, cIn, [kh, kw], rows, step.bias, (o, i, v, u) => {
      return step.kernel[((v * kw + u) * cIn + i) * cOut + o] as number;
    });
    const stage = this.#stage(label(step.name, step.activation), height, width, cOut, rows);
    for (const [o, block] of stage.blocks.entries()) {
      this.#fill(block, (y, x) => {
        const parts = from.blocks.map((source, i) => {
          const window = part(source, y * down, x * across, kh, kw);
          return this.#product(window, weights.blocks[o]?.[i] as CellRange);
        });
        return this.#weighed(parts, weights.biases[o], step.activation);
      });
    }
    return this.#colored(stage);
  }

  #dense(from: Stage, step: NetworkStep & { kind: 'dense' }): Stage {
    const { height: h, width: w, blocks } = from;
    const c = blocks.length;
    const rows = h + 1;
    const weights = this.#weights(step.name, step.units, c, [h, w], rows, step.bias, (o, i, v, u) => {
      return step.kernel[((v * w + u) * c + i) * step.units + o] as number;
    });
    const stage = this.#stage(label(step.name, step.activation), step.units, 1, 1);
    this.sheet.columnWidths.set(stage.blocks[0]?.column as number, 16);
    this.#fill(
      stage.blocks[0] as CellRange,
      (o) => {
        const parts = blocks.map((source, i) => this.#product(source, weights.blocks[o]?.[i] as CellRange));
        return this.#weighed(parts, weights.biases[o], step.activation);
      },
      true,
    );
    return this.#colored(stage);
  }

  #pooling(from: Stage, step: NetworkStep & { kind: 'pooling' }): Stage {
    const [ph, pw] = step.size;
    const [down, across] = step.strides;
    const height = Math.floor((from.height - ph) / down) + 1;
    const width = Math.floor((from.width - pw) / across) + 1;
    const stage = this.#stage(step.name, height, width, from.blocks.length);
    for (const [k, block] of stage.blocks.entries()) {
      this.#fill(block, (y, x) => {
        const window = part(from.blocks[k] as CellRange, y * down, x * across, ph, pw);
        const values = this.#values(window);
        const sum = values.reduce((total, value) => total + value, 0);
        const value = step.function === 'MAX' ? Math.max(...values) : sum / values.length;
        return { value, formula: `${step.function}(${rangeName(window)})` };
      });
    }
    return this.#colored(stage);
  }

  #padding(from: Stage, step: NetworkStep & { kind: 'padding' }): Stage {
    const [top, bottom, left, right] = step.sides;
    const [height, width] = [from.height + top + bottom, from.width + left + right];
    const stage = this.#stage(step.name, height, width, from.blocks.length);
    for (const [k, block] of stage.blocks.entries()) {
      const source = from.blocks[k] as CellRange;
      this.#fill(block, (y, x) => {
        const inside = y >= top && y < top + from.height && x >= left && x < left + from.width;
        if (!inside) return { value: 0 };
        const [row, column] = [source.row + y - top, source.column + x - left];
        return { value: this.#value(row, column), formula: cellName(row, column) };
      });
    }
    return this.#colored(stage);
  }

  #affine(from: Stage, step: NetworkStep & { kind: 'affine' }): Stage {
    const start = this.#column;
    const rows = Math.max(from.height, 3) + 1;
    this.#column += 3;
    const stage = this.#stage(label(step.name, step.activation), from.height, from.width, from.blocks.length, rows);
    // Where all values stand in one block of a column, each is a channel of its own.
    const perRow = step.scale.length > 1 && from.blocks.length === 1 && from.width === 1;
    for (const [k, block] of stage.blocks.entries()) {
      const source = from.blocks[k] as CellRange;
      const parameters = (channel: number) => ({
        row: perRow ? source.row + channel : block.row + 1,
        scale: step.scale[step.scale.length === 1 ? 0 : channel] as number,
        shift: step.shift[step.shift.length === 1 ? 0 : channel] as number,
      });
      if (!perRow) {
        this.sheet.set(block.row, start, { value: 'times', style: 'label' });
        this.sheet.set(block.row, start + 1, { value: 'plus', style: 'label' });
      }
      for (let y = 0; y < (perRow ? from.height : 1); y++) {
        const { row, scale, shift } = parameters(perRow ? y : k);
        this.sheet.set(row, start, { value: scale, style: 'number' });
        this.sheet.set(row, start + 1, { value: shift, style: 'number' });
      }
      this.#fill(block, (y, x) => {
        const { row, scale, shift } = parameters(perRow ? y : k);
        const [fromRow, fromColumn] = [source.row + y, source.column + x];
        const formula = `${cellName(fromRow, fromColumn)}*${cellName(row, start, true)}+${cellName(row, start + 1, true)}`;
        return activated(this.#value(fromRow, fromColumn) * scale + shift, formula, step.activation);
      });
    }
    return this.#colored(stage);
  }

  /** Blocks of weights: outputs one below the other, inputs side by side, each output's bias in front. */
  #weights(
    name: string,
    outputs: number,
    inputs: number,
    [height, width]: readonly [number, number],
    rows: number,
    bias: ArrayLike<number> | undefined,
    value: (output: number, input: number, y: number, x: number) => number,
  ): { readonly blocks: CellRange[][]; readonly biases: (CellRange | undefined)[] } {
    const start = this.#column;
    const first = bias === undefined ? start : start + 2;
    this.sheet.set(2, start, { value: `${name}: weights`, style: 'title' });
    const biases: (CellRange | undefined)[] = [];
    let limit = 0;
    const blocks = Array.from({ length: outputs }, (_, o) => {
      const row = TOP + o * rows;
      biases.push(bias === undefined ? undefined : { row: row + 1, column: start, rows: 1, columns: 1 });
      if (bias !== undefined) {
        this.sheet.set(row, start, { value: 'bias', style: 'label' });
        this.sheet.set(row + 1, start, { value: bias[o] as number, style: 'number' });
      }
      return Array.from({ length: inputs }, (_unused, i) => {
        const block = { row, column: first + i * (width + 1), rows: height, columns: width };
        this.#fill(block, (y, x) => {
          const weight = value(o, i, y, x);
          limit = Math.max(limit, Math.abs(weight));
          return { value: weight };
        });
        return block;
      });
    });
    // One scale for the layer.
    this.sheet.color({ row: TOP, column: first, rows: outputs * rows, columns: inputs * (width + 1) }, limit || 1);
    this.#column = first + inputs * (width + 1) + 1;
    return { blocks, biases };
  }

  #stage(title: string, height: number, width: number, channels: number, rows = height + 1): Stage {
    const column = this.#column;
    this.sheet.set(2, column, { value: title, style: 'title' });
    this.sheet.set(3, column, { value: `${height} × ${width} × ${channels}`, style: 'label' });
    this.#column += width + 2;
    const blocks = Array.from({ length: channels }, (_, k) => {
      return { row: TOP + k * Math.max(rows, height + 1), column, rows: height, columns: width };
    });
    return { height, width, blocks };
  }

  #fill(
    { row, column, rows, columns }: CellRange,
    cell: (y: number, x: number) => { readonly value: number; readonly formula?: string },
    fine = false,
  ): void {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const made = cell(y, x);
        this.sheet.set(row + y, column + x, { ...made, style: fine ? 'fine' : 'number' });
      }
    }
  }

  #colored(stage: Stage): Stage {
    let limit = 0;
    for (const block of stage.blocks) {
      for (const value of this.#values(block)) limit = Math.max(limit, Math.abs(value));
    }
    for (const block of stage.blocks) this.sheet.color(block, limit || 1);
    return stage;
  }

  #value(row: number, column: number): number {
    return this.sheet.value(row, column) as number;
  }

  #values({ row, column, rows, columns }: CellRange): number[] {
    return Array.from({ length: rows * columns }, (_, i) =>
      this.#value(row + Math.floor(i / columns), column + (i % columns)),
    );
  }

  #product(window: CellRange, weights: CellRange): { readonly value: number; readonly formula: string } {
    const factors = this.#values(weights);
    const value = this.#values(window).reduce((sum, one, i) => sum + one * (factors[i] as number), 0);
    return { value, formula: `SUMPRODUCT(${rangeName(window)},${rangeName(weights, true)})` };
  }

  #weighed(
    parts: readonly { readonly value: number; readonly formula: string }[],
    bias: CellRange | undefined,
    activation: CellActivation,
  ) {
    const name = bias === undefined ? '' : `+${cellName(bias.row, bias.column, true)}`;
    const added = bias === undefined ? 0 : this.#value(bias.row, bias.column);
    const value = parts.reduce((sum, one) => sum + one.value, 0) + added;
    return activated(value, parts.map(({ formula }) => formula).join('+') + name, activation);
  }
}

function part(block: CellRange, y: number, x: number, rows: number, columns: number): CellRange {
  return { row: block.row + y, column: block.column + x, rows, columns };
}

function label(name: string, activation: CellActivation): string {
  return activation === 'linear' ? name : `${name}, ${activation}`;
}

function activated(value: number, formula: string, activation: CellActivation) {
  switch (activation) {
    case 'relu':
      return { value: Math.max(0, value), formula: `MAX(0,${formula})` };
    case 'sigmoid':
      return { value: 1 / (1 + Math.exp(-value)), formula: `1/(1+EXP(-(${formula})))` };
    case 'tanh':
      return { value: Math.tanh(value), formula: `TANH(${formula})` };
    default:
      return { value, formula };
  }
}
