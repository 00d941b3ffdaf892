import type { Tensor } from '../../tensor/tensor.js';
import type { Inspector } from '../inspector.js';
import { ReceptiveFields, type Region } from './receptiveField.js';

/** Which part of the network's input to show for a unit at a place, and by which rule. */
export interface PatchRegion {
  readonly region: Region;
  /** 'receptiveField' where that is at most half of the input; else 'gradient', the box with 90 % of the gradient's size. */
  readonly by: 'receptiveField' | 'gradient';
}

/** Cuts patches for the units of one model. */
export class PatchCutter {
  readonly #inspector: Inspector;
  readonly #fields: ReceptiveFields;

  constructor(inspector: Inspector) {
    this.#inspector = inspector;
    this.#fields = new ReceptiveFields(inspector.model);
  }

  /**
   * The receptive field of a unit where it is at most half as high and as wide as the input, else the smallest square that holds
   * 90 % of Σ |∂activation/∂x| over the colors: deep layers of residual networks see more than the whole photo, but not evenly.
   *
   * @param x the photo, [1, h, w, c], preprocessed.
   */
  async region(
    x: Tensor<'float32'>,
    layer: string,
    channel: number,
    at: readonly [number, number],
  ): Promise<PatchRegion> {
    const [, h, w, c] = x.shape as [number, number, number, number];
    const { field } = this.#fields.of(layer);
    if (field !== 'whole' && field.rows.size * 2 <= h && field.columns.size * 2 <= w) {
      return { region: this.#fields.region(layer, ...at), by: 'receptiveField' };
    }
    const { signals } = await this.#inspector.backward(x, { target: { kind: 'unit', place: { layer }, channel, at } });
    const [signal] = signals as [Tensor<'float32'>];
    const energy = new Float64Array(h * w);
    for (let i = 0; i < signal.data.length; i++) {
      const p = Math.floor(i / c);
      energy[p] = (energy[p] as number) + Math.abs(signal.data[i] as number);
    }
    return { region: energyBox(blur(energy, h, w, 2), h, w), by: 'gradient' };
  }
}

/**
 * The smallest square on a lattice of 4 pixels that holds a share of a map's sum; of equal ones the one that holds most. The
 * whole map where a square does not suffice or there is nothing.
 */
export function energyBox(energy: ArrayLike<number>, h: number, w: number, share = 0.9, lattice = 4): Region {
  const sums = new Float64Array((h + 1) * (w + 1));
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const at = (y + 1) * (w + 1) + x + 1;
      sums[at] =
        (energy[y * w + x] as number) +
        (sums[at - 1] as number) +
        (sums[at - w - 1] as number) -
        (sums[at - w - 2] as number);
    }
  }
  const inside = (y: number, x: number, height: number, width: number): number => {
    const [top, bottom] = [y * (w + 1), (y + height) * (w + 1)];
    return (
      (sums[bottom + x + width] as number) -
      (sums[bottom + x] as number) -
      (sums[top + x + width] as number) +
      (sums[top + x] as number)
    );
  };
  const total = inside(0, 0, h, w);
  for (let side = lattice; total > 0 && side < Math.max(h, w); side += lattice) {
    const [height, width] = [Math.min(side, h), Math.min(side, w)];
    let best: Region | undefined;
    let most = share * total;
    for (let y = 0; y + height <= h; y += lattice) {
      for (let x = 0; x + width <= w; x += lattice) {
        const held = inside(y, x, height, width);
        if (held < most || (best !== undefined && held === most)) continue;
        [best, most] = [{ top: y, left: x, height, width }, held];
      }
    }
    if (best !== undefined) return best;
  }
  return { top: 0, left: 0, height: h, width: w };
}

/** Gaussian blur with a reach of three sigma, zeros beyond the border. */
function blur(map: Float64Array, h: number, w: number, sigma: number): Float64Array {
  const reach = Math.ceil(3 * sigma);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)));
  const total = kernel.reduce((sum, k) => sum + k, 0);
  const pass = (from: Float64Array, stride: number, length: number, lines: number, step: number): Float64Array => {
    const to = new Float64Array(from.length);
    for (let line = 0; line < lines; line++) {
      for (let i = 0; i < length; i++) {
        let sum = 0;
        for (let k = -reach; k <= reach; k++) {
          if (i + k < 0 || i + k >= length) continue;
          sum += (kernel[k + reach] as number) * (from[line * step + (i + k) * stride] as number);
        }
        to[line * step + i * stride] = sum / total;
      }
    }
    return to;
  };
  return pass(pass(map, 1, w, h, w), w, h, w, 1);
}
