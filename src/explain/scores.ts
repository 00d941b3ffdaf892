import type { ScoreActivation } from './place.js';

/** What a network says of the classes of one example. */
export interface Scores {
  /** Numbers before the final softmax or sigmoid; of a single sigmoid output, those of "no" (0) and "yes". */
  readonly logits: Float64Array;
  readonly probabilities: Float64Array;
  /** Classes from the likeliest to the least likely; equal ones in their own order. */
  readonly order: readonly number[];
}

/**
 * Scores of one row of logits. A single sigmoid output counts as two classes, whose softmax it is with the logits 0 and z. A
 * network without softmax or sigmoid at its end is taken to give logits of a softmax.
 */
export function readScores(row: Float32Array, activation: ScoreActivation): Scores {
  const binary = row.length === 1;
  const logits = binary ? Float64Array.of(0, row[0] as number) : Float64Array.from(row);
  const independent = activation === 'sigmoid' && !binary;
  const probabilities = independent ? logits.map((z) => 1 / (1 + Math.exp(-z))) : softmaxOf(logits);
  const order = [...logits.keys()].sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
  return { logits, probabilities, order };
}

/** exp(z) / Σ exp(z), safe for large numbers. */
function softmaxOf(logits: Float64Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = logits.map((z) => Math.exp(z - largest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}
