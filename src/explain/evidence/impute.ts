import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';

/** Sweeps over the covered pixels of each size of the picture, begun from what the picture of half its size says. */
const SWEEPS = 8;
/** Over-relaxation: fewer sweeps than without. */
const RELAXATION = 1.5;

/**
 * A photo [1, h, w, c] with the covered pixels made up from their surroundings, so that neither an edge nor a color tells where
 * something is missing: each is the weighted mean of its neighbors (1/6 beside, 1/12 across the corner) plus a little noise,
 * as in ROAD (Rong et al., 2022). Holes are filled in small pictures first, where few sweeps reach their middle.
 */
export function impute(x: Tensor<'float32'>, mask: Uint8Array, seed = 0): Tensor<'float32'> {
  const [, h, w, c] = x.shape as [number, number, number, number];
  const data = x.data.slice();
  // Nothing is known at all: zeros.
  if (mask.includes(0)) fill(data, mask, h, w, c);
  else data.fill(0);
  const random = new RandomStream(seed, 'impute');
  const scale = 0.01 * deviation(x.data);
  for (const [i, covered] of mask.entries()) {
    if (covered === 0) continue;
    for (let k = 0; k < c; k++) data[i * c + k] = (data[i * c + k] as number) + scale * random.normal();
  }
  return new Tensor(data, x.shape);
}

/** Fills the covered pixels of [h, w, c], of which some are known: what the half as large picture says there, then sweeps. */
function fill(data: Float32Array, mask: Uint8Array, h: number, w: number, c: number): void {
  const places = Uint32Array.from(mask.keys()).filter((i) => mask[i] === 1);
  if (places.length === 0) return;
  const [rows, columns] = [Math.ceil(h / 2), Math.ceil(w / 2)];
  // The mean of what is known of each four pixels.
  const half = new Float32Array(rows * columns * c);
  const known = new Uint8Array(rows * columns);
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 1) continue;
    const cell = (Math.floor(i / w) >> 1) * columns + ((i % w) >> 1);
    known[cell] = (known[cell] as number) + 1;
    for (let k = 0; k < c; k++) half[cell * c + k] = (half[cell * c + k] as number) + (data[i * c + k] as number);
  }
  for (let i = 0; i < half.length; i++) half[i] = (half[i] as number) / Math.max(1, known[Math.floor(i / c)] as number);
  const unknown = known.map((count) => (count === 0 ? 1 : 0));
  fill(half, unknown, rows, columns, c);
  for (const i of places) {
    const [top, bottom, down] = between(Math.floor(i / w), rows);
    const [left, right, across] = between(i % w, columns);
    for (let k = 0; k < c; k++) {
      const at = (row: number, column: number): number => half[(row * columns + column) * c + k] as number;
      const upper = at(top, left) * (1 - across) + at(top, right) * across;
      const lower = at(bottom, left) * (1 - across) + at(bottom, right) * across;
      data[i * c + k] = upper * (1 - down) + lower * down;
    }
  }
  relax(data, places, h, w, c);
}

/** Successive over-relaxation: each of the places becomes the weighted mean of its neighbors. */
function relax(data: Float32Array, places: Uint32Array, h: number, w: number, c: number): void {
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
}

/** The two cells of a line of half the length whose middles a place lies between, and its share of the way. */
function between(place: number, cells: number): readonly [low: number, high: number, share: number] {
  const at = Math.min(cells - 1, Math.max(0, (place + 0.5) / 2 - 0.5));
  const low = Math.floor(at);
  return [low, Math.min(cells - 1, low + 1), at - low];
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
