import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { type Place, placeText, type ScoreActivation } from './place.js';
import { readScores, type Scores } from './scores.js';

/** A channel of a place, and which of its numbers are meant. */
export interface UnitTarget {
  readonly kind: 'unit';
  readonly place: Place;
  readonly channel: number;
  /**
   * One location [y, x]; 'maximum': the strongest one; 'mean': all, evenly; 'map': all, each by its own activation (half the
   * sum of their squares, as the Deep Visualization Toolbox does). For places without height and width leave it out.
   * @default 'maximum'
   */
  readonly at?: readonly [y: number, x: number] | 'maximum' | 'mean' | 'map';
}

/** A score of classes. */
export interface ScoreTarget {
  /** 'margin': the logit of the class less that of another, which alone decides which of the two is the likelier. */
  readonly kind: 'logit' | 'logProbability' | 'margin';
  /** @default the likeliest */
  readonly class?: number | undefined;
  /** The class that it is compared with, for the margin. @default the likeliest of the others */
  readonly over?: number | undefined;
}

/** A number of a network whose causes are asked for. */
export type Target = UnitTarget | ScoreTarget;

/** A target with everything that was left open filled in, for one example. */
export type ResolvedTarget =
  | {
      readonly kind: 'unit';
      readonly place: Place;
      readonly channel: number;
      /** Undefined where all locations count. */
      readonly at: readonly [y: number, x: number] | undefined;
      readonly of: 'location' | 'mean' | 'map';
    }
  | { readonly kind: 'logit' | 'logProbability'; readonly class: number }
  | { readonly kind: 'margin'; readonly class: number; readonly over: number };

/** A target at its place: the value, and its gradient by what is there. */
export interface Seed {
  readonly resolved: ResolvedTarget;
  readonly value: number;
  /** Shape of the place, without the batch axis. */
  readonly gradient: Float32Array;
}

/** Where a target's value is read from. */
export function placeOf(target: Target): Place {
  return target.kind === 'unit' ? target.place : 'logits';
}

/** Whether the gradient of a target at its place is known before the network has run. */
export function isFixed(target: Target): boolean {
  if (target.kind === 'unit') return Array.isArray(target.at) || target.at === 'mean';
  if (target.class === undefined || target.kind === 'logProbability') return false;
  return target.kind === 'logit' || target.over !== undefined;
}

/**
 * The target of one example.
 *
 * @param values what is at its place; undefined before the network has run, for a target that {@link isFixed}.
 * @throws FoveaError `option` for a channel, location or class that does not exist.
 */
export function seedOf(
  target: Target,
  values: Float32Array | undefined,
  shape: Shape,
  activation: ScoreActivation,
): Seed {
  return target.kind === 'unit' ? unitSeed(target, values, shape) : scoreSeed(target, values, shape, activation);
}

/** Splits a batch into its examples. */
export function rowsOf(x: Tensor<'float32'>): Float32Array[] {
  const n = x.shape[0] as number;
  const width = x.size / n;
  return Array.from({ length: n }, (_, i) => x.data.subarray(i * width, (i + 1) * width));
}

function unitSeed(
  { place, channel, at = 'maximum' }: UnitTarget,
  values: Float32Array | undefined,
  shape: Shape,
): Seed {
  const c = shape.at(-1) ?? 1;
  const [h, w] = shape.length === 3 ? [shape[0] as number, shape[1] as number] : [1, sizeOf(shape) / c];
  const where = `unit ${channel} of ${placeText(place)}`;
  checkIndex(where, 'channels', channel, c);
  const gradient = new Float32Array(h * w * c);
  const indexOf = (y: number, x: number): number => (y * w + x) * c + channel;
  const read = (index: number): number => values?.[index] ?? 0;
  if (at === 'mean' || at === 'map') {
    let value = 0;
    for (let i = channel; i < gradient.length; i += c) {
      value += at === 'mean' ? read(i) / (h * w) : read(i) ** 2 / 2;
      gradient[i] = at === 'mean' ? 1 / (h * w) : read(i);
    }
    return { resolved: { kind: 'unit', place, channel, at: undefined, of: at }, value, gradient };
  }
  const [y, x] = at === 'maximum' ? strongest(read, channel, gradient.length, c, w) : at;
  if (!(Number.isInteger(y) && Number.isInteger(x) && y >= 0 && y < h && x >= 0 && x < w)) {
    throw new FoveaError('option', {
      where,
      rule: `its locations go from [0, 0] to [${h - 1}, ${w - 1}]`,
      received: formatShape([y, x]),
    });
  }
  gradient[indexOf(y, x)] = 1;
  const resolved = { kind: 'unit', place, channel, at: [y, x], of: 'location' } as const;
  return { resolved, value: read(indexOf(y, x)), gradient };
}

function strongest(
  read: (index: number) => number,
  channel: number,
  size: number,
  c: number,
  w: number,
): [y: number, x: number] {
  let best = channel;
  for (let i = channel; i < size; i += c) if (read(i) > read(best)) best = i;
  const location = (best - channel) / c;
  return [Math.floor(location / w), location % w];
}

function scoreSeed(
  target: ScoreTarget,
  values: Float32Array | undefined,
  shape: Shape,
  activation: ScoreActivation,
): Seed {
  const width = sizeOf(shape);
  // A single sigmoid output z has the logits 0 and z.
  const binary = width === 1;
  const scores = readScores(values ?? new Float32Array(width), activation);
  const chosen = chooseClasses(target, scores);
  const gradient = new Float32Array(width);
  const add = (index: number, factor: number): void => {
    if (!binary) gradient[index] = (gradient[index] as number) + factor;
    else if (index === 1) gradient[0] = (gradient[0] as number) + factor;
  };
  const { logits, probabilities } = scores;
  if (chosen.kind === 'margin') {
    add(chosen.class, 1);
    add(chosen.over, -1);
    const value = (logits[chosen.class] as number) - (logits[chosen.over] as number);
    return { resolved: chosen, value, gradient };
  }
  add(chosen.class, 1);
  if (chosen.kind === 'logit') return { resolved: chosen, value: logits[chosen.class] as number, gradient };
  if (activation === 'sigmoid' && !binary) {
    gradient[chosen.class] = 1 - (probabilities[chosen.class] as number);
  } else {
    for (const [index, probability] of probabilities.entries()) add(index, -probability);
  }
  return { resolved: chosen, value: logProbability(scores, chosen.class, activation), gradient };
}

/** log p of a class in nats, exact where p itself is 0 or 1 in floating point. */
export function logProbability({ logits }: Scores, index: number, activation: ScoreActivation): number {
  const z = logits[index] as number;
  if (activation === 'sigmoid' && logits.length > 2) return -Math.log1p(Math.exp(-z));
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return z - largest - Math.log(logits.reduce((sum, other) => sum + Math.exp(other - largest), 0));
}

/** log p / (1 − p) of a class in nats, from the logits: it still moves where p itself is 0 or 1 in floating point. */
export function logOdds({ logits }: Scores, index: number, activation: ScoreActivation): number {
  const z = logits[index] as number;
  if (activation === 'sigmoid' && logits.length > 2) return z;
  const others = logits.filter((_, i) => i !== index);
  const largest = others.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return z - largest - Math.log(others.reduce((sum, other) => sum + Math.exp(other - largest), 0));
}

function chooseClasses(target: ScoreTarget, { order }: Scores): Exclude<ResolvedTarget, { kind: 'unit' }> {
  const { kind } = target;
  const where = `target "${kind}"`;
  const best = target.class ?? (order.find((one) => one !== target.over) as number);
  checkIndex(where, 'classes', best, order.length);
  if (kind !== 'margin') return { kind, class: best };
  const over = target.over ?? order.find((one) => one !== best);
  if (over === undefined || over === best) {
    throw new FoveaError('option', {
      where,
      rule: 'it needs two different classes',
      received: over === undefined ? 'a network with one score' : `class ${best} twice`,
      remedy: "Take the target 'logit'",
    });
  }
  checkIndex(where, 'classes', over, order.length);
  return { kind, class: best, over };
}

function checkIndex(where: string, what: string, index: number, count: number): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return;
  throw new FoveaError('option', { where, rule: `${what} are numbered from 0 to ${count - 1}`, received: `${index}` });
}
