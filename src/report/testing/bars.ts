import { arrayDataset } from '../../data/arrayDataset.js';
import type { Dataset } from '../../data/dataset.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';

const SIDE = 12;
/** Steps along a bar: right, down, and the two diagonals. */
const STEPS = [
  [0, 1],
  [1, 0],
  [1, 1],
  [1, -1],
] as const;

/** Pictures [12, 12, 1] of a bar on noise, of four classes by its direction: learned in a second, with a few mistakes. */
export function bars(size: number, seed: number): Dataset {
  const random = new RandomStream(seed, 'bars');
  const labels = Int32Array.from({ length: size }, (_, i) => i % 4);
  const x = new Float32Array(size * SIDE * SIDE);
  for (let i = 0; i < x.length; i++) x[i] = 0.3 * random.normal();
  for (const [i, label] of labels.entries()) {
    const [down, right] = STEPS[label] as (typeof STEPS)[number];
    const length = 5 + random.below(3);
    const [y, column] = [random.below(SIDE - down * length), random.below(SIDE - Math.abs(right) * length)];
    const start = right < 0 ? column + length : column;
    const strength = 0.6 + 0.6 * random.uniform();
    for (let step = 0; step < length; step++) {
      const at = (i * SIDE + y + down * step) * SIDE + start + right * step;
      x[at] = (x[at] as number) + strength;
    }
  }
  return arrayDataset(new Tensor(x, [size, SIDE, SIDE, 1]), new Tensor(labels, [size]), {
    classNames: ['right', 'down', 'falling', 'rising'],
  });
}
