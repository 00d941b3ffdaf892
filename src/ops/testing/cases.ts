import type { OpName } from '../table.js';
import { Draw } from './draw.js';
import { elementwiseCases } from './elementwiseCases.js';
import { movementCases } from './movementCases.js';
import { normalizationCases } from './normalizationCases.js';
import { type CaseGenerator, labelOf, type OpCase } from './opCase.js';
import { windowCases } from './windowCases.js';

export interface OpCasesOptions {
  /** How many cases; forms that must all occur are cycled through, most within 24. */
  readonly count?: number;
  /** Number of the first case. */
  readonly first?: number;
  readonly seed?: number;
  /** Larger arrays, for engines whose blocking only shows on them. */
  readonly large?: boolean;
}

/** How legal calls of each op are made: an op without an entry does not compile. */
const generators: { readonly [K in OpName]: CaseGenerator<K> } = {
  ...elementwiseCases,
  ...movementCases,
  ...normalizationCases,
  ...windowCases,
};

/** Random legal calls of an op with numbers: what gradients and every engine are tested with, in Node or a browser. */
export function opCases<K extends OpName>(op: K, options: OpCasesOptions = {}): OpCase<K>[] {
  const { count = 24, first = 0, seed = 1, large = false } = options;
  const generate: CaseGenerator<K> = generators[op];
  return Array.from({ length: count }, (_, i) => {
    const number = first + i;
    const parts = generate(new Draw(seed, op, number, large));
    return { op, label: labelOf(op, number, parts), ...parts };
  });
}
