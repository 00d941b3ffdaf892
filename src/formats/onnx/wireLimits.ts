import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { formatError } from '../formatError.js';

/** Which fields of a message are messages (with theirs) or lists of numbers, by their number in onnx.proto. */
interface Scheme {
  readonly [field: number]: Scheme | 'numbers';
}

const PAIR: Scheme = {};
const TENSOR: Scheme = { 1: 'numbers', 13: PAIR };
const NODE: Scheme = { 5: { 5: TENSOR, 7: 'numbers', 8: 'numbers' } };
const VALUE: Scheme = { 2: { 1: { 2: { 1: {} } } } };
const MODEL: Scheme = { 7: { 1: NODE, 5: TENSOR, 11: VALUE, 12: VALUE }, 8: {}, 14: PAIR };

/** A message costs as much as so many numbers. */
const MESSAGE_COST = 16;
const MAX_COST = 2_000_000;

/**
 * Walks over a model's messages without making them: they must lie within each other, and the description (all but the
 * weights) must be small enough to be held in memory.
 *
 * @throws FoveaError `format`.
 */
export function checkWire(bytes: Uint8Array, where: string): void {
  let cost = 0;
  const spend = (units: number): void => {
    cost += units;
    if (cost <= MAX_COST) return;
    const remedy = 'The file is damaged, hostile, or no network that could be read';
    throw formatError(where, 'the description of the network must be of a sensible size', 'millions of parts', remedy);
  };
  const reader = new BinaryReader(bytes);
  const walk = (scheme: Scheme, end: number): void => {
    spend(MESSAGE_COST);
    while (reader.pos < end) {
      const [field, wire] = reader.tag();
      const kind = scheme[field];
      spend(1);
      if (kind === undefined || (kind === 'numbers' && wire !== WireType.LengthDelimited)) {
        reader.skip(wire, field);
        continue;
      }
      const length = wire === WireType.LengthDelimited ? reader.uint32() : -1;
      const last = reader.pos + length;
      if (length < 0 || last > end) throw new RangeError('a message reaches beyond the one that it is in');
      if (kind === 'numbers') {
        spend(length);
        reader.pos = last;
      } else {
        walk(kind, last);
      }
    }
    if (reader.pos !== end) throw new RangeError('a field reaches beyond its message');
  };
  walk(MODEL, bytes.length);
}
