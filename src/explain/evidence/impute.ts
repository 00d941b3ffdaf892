import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';

/** Sweeps over the covered pixels; each carries what is known further in. */
const SWEEPS = 40;
/** Over-relaxation: far fewer sweeps than without. */
const RELAXATION = 1.7;

/**
 * A photo [1, h, w, c] with the covered pixels made up from their surroundings, so that neither an edge nor a color tells where
 * something is missing: each is the weighted mean of its neighbors (1/6 beside, 1/12 across the corner) plus a little noise,
 * as in ROAD (Rong et al., 2022). The system of equations is solved by successive over-relaxation.
 */
export function impute(x: Tensor<'float32'>, mask: Uint8Array, seed = 0): Tensor<'float32'> {
  const [, h, w, c] = x.shape as [number, number, number, number];
  const data = x.data.slice();
  const places = Uint32Array.from(mask.keys()).filter((i) => mask[i] === 1);
  for (let k = 0; k < c; k++) {
    let [sum, count] = [0, 0];
    for (let i = 0; i < mask.length; i++) {
      if (mask[i] === 1) continue;
      sum += data[i * c + k] as number;
      count++;
    }
    for (const i of places) data[i * c + k] = count === 0 ? 0 : sum / count;
  }
  const { from, weights } = neighborsOf(places, h, w);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let i = 0; i < places.length; i++) {
      // Forth and back, so that what is known travels both ways.
      const p = sweep % 2 === 0 ? i : places.length - 1 - i;
      for (let k = 0; k < c; k++) {
        let sum = 0;
        for (let j = p * 8; j < p * 8 + 8; j++) {
          sum += (weights[j] as number) * (data[(from[j] as number) * c + k] as number);
        }
        const at = (places[p] as number) * c + k;
        data[at] = (data[at] as number) + RELAXATION * (sum - (data[at] as number));
      }
    }
  }
  const random = new RandomStream(seed, 'impute');
  const scale = 0.01 * deviation(x.data);
  for (const i of places)
    for (let k = 0; k < c; k++) data[i * c + k] = (data[i * c + k] as number) + scale * random.normal();
  return new Tensor(data, x.shape);
}

/** For each place its eight neighbors and their weights, which sum to 1; those beyond the border weigh nothing. */
function neighborsOf(places: Uint32Array, h: number, w: number): { from: Uint32Array; weights: Float64Array } {
  const from = new Uint32Array(places.length * 8);
  const weights = new Float64Array(places.length * 8);
  for (const [p, place] of places.entries()) {
    const [y, x] = [Math.floor(place / w), place % w];
    let total = 0;
    let j = p * 8;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        if (dy === 0 && dx === 0) continue;
        const inside = y + dy >= 0 && y + dy < h && x + dx >= 0 && x + dx < w;
        const weight = inside ? (dy === 0 || dx === 0 ? 2 : 1) : 0;
        from[j] = inside ? (y + dy) * w + x + dx : place;
        weights[j++] = weight;
        total += weight;
      }
    }
    for (j = p * 8; j < p * 8 + 8; j++) weights[j] = (weights[j] as number) / total;
  }
  return { from, weights };
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
