import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import { type EntriesOf, oneOf } from './options.js';
import { onlyInput } from './shapes.js';

export interface NormalizationOptions extends LayerOptions {
  /** Subtracted: one number, or one per channel in the order that the network sees. @default 0 */
  readonly mean?: number | readonly number[];
  /** Divided by, over 0: one number, or one per channel. @default 1 */
  readonly standardDeviation?: number | readonly number[];
  /** 'bgr' turns the order of the channels round first, as networks from Caffe want it. @default 'rgb' */
  readonly channelOrder?: 'rgb' | 'bgr';
}

const perChannel = (test: (n: number) => boolean, rule: string) =>
  v.custom<number | readonly number[]>((value) => {
    const list: unknown[] = [value].flat();
    return list.length > 0 && list.every((n) => typeof n === 'number' && Number.isFinite(n) && test(n));
  }, rule);

const entries = {
  mean: v.optional(
    perChannel(() => true, 'must be a number or a list of one per channel'),
    0,
  ),
  standardDeviation: v.optional(
    perChannel((n) => n > 0, 'must be a number over 0 or a list of one per channel'),
    1,
  ),
  channelOrder: v.optional(oneOf(['rgb', 'bgr']), 'rgb'),
} satisfies EntriesOf<NormalizationOptions, keyof LayerOptions>;

export class Normalization extends ConfiguredLayer<typeof entries> {
  constructor(options: NormalizationOptions = {}) {
    super('normalization', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const shape = onlyInput(this, inputShapes);
    const channels = shape.at(-1) ?? 0;
    const { mean, standardDeviation, channelOrder } = this.options;
    for (const [name, list] of [
      ['mean', mean],
      ['standardDeviation', standardDeviation],
    ] as const) {
      if (typeof list === 'number' || list.length === channels) continue;
      throw new FoveaError('shape', {
        where: this.where,
        rule: `${name} has ${list.length} numbers, the input ${channels} channels`,
        received: `input ${formatShape(shape)}`,
      });
    }
    if (channelOrder === 'bgr' && channels !== 3) {
      throw new FoveaError('shape', {
        where: this.where,
        rule: 'the channel order "bgr" is for colour images with 3 channels',
        received: `input ${formatShape(shape)}`,
      });
    }
    return shape;
  }

  call([x]: readonly [Value]): Value {
    const { mean, standardDeviation, channelOrder } = this.options;
    const ordered = channelOrder === 'bgr' ? reverseChannels(x) : x;
    const factors = [standardDeviation].flat().map((deviation) => 1 / deviation);
    if (typeof mean === 'number' && factors.length === 1) {
      const factor = factors[0] as number;
      return x.graph.emit('scale', [ordered], { factor, offset: -mean * factor })[0];
    }
    const [centred] = x.graph.emit(
      'bias',
      [
        ordered,
        channelValues(
          x,
          [mean].flat().map((m) => -m),
        ),
      ],
      {},
    );
    if (factors.length === 1) return x.graph.emit('scale', [centred], { factor: factors[0] as number, offset: 0 })[0];
    return x.graph.emit('multiply', [centred, channelValues(x, factors)], {})[0];
  }
}

function reverseChannels(x: Value): Value {
  const last = x.shape.length - 1;
  const size = x.shape.map((n, axis) => (axis === last ? 1 : n));
  const channels = Array.from({ length: x.shape[last] as number }, (_, c) => {
    return x.graph.emit('slice', [x], { begin: x.shape.map((_, axis) => (axis === last ? c : 0)), size })[0];
  });
  return x.graph.emit('concatenate', channels.reverse(), { axis: last })[0];
}

/** Constants [c]; a single one is repeated. */
function channelValues(x: Value, values: readonly number[]): Value {
  const { graph } = x;
  const constant = (value: number, length: number): Value => graph.emit('fill', [], { shape: [length], value })[0];
  if (values.length === 1) return constant(values[0] as number, x.shape.at(-1) as number);
  return graph.emit(
    'concatenate',
    values.map((value) => constant(value, 1)),
    { axis: 0 },
  )[0];
}

/**
 * (x − mean) / standardDeviation, in training and in inference, after the channels were put in order. Has no weights.
 * Any shape with channels last → the same.
 */
export function normalization(options: NormalizationOptions = {}): Normalization {
  return new Normalization(options);
}
