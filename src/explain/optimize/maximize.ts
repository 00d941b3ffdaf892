import { throwIfAborted } from '../../tensor/abort.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';
import type { Inspector } from '../inspector.js';
import type { UnitTarget } from '../target.js';
import { FourierImage } from './fourierImage.js';
import { type ColorRule, colorShape, NetworkColors } from './networkColors.js';
import { Resampling } from './resample.js';

/** How far a picture is moved at each step, so that only what survives small changes is drawn. */
export interface Robustness {
  /** Pixels, in each direction. */
  readonly jitter: number;
  readonly scales: readonly number[];
  readonly degrees: readonly number[];
}

export interface MaximizeOptions {
  /** How colors reach the network. */
  readonly preprocessing: ColorRule;
  /** @default 256 */
  readonly steps?: number;
  /** Adam's. @default 0.05 */
  readonly learningRate?: number;
  /** @default jitter 8, scales 0.9 to 1.1, −10 to 10 degrees, as in Lucid; false for none */
  readonly robustness?: Robustness | false;
  /** Keys the first picture and all movements. @default 0 */
  readonly seed?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((step: number, steps: number, value: number) => void) | undefined;
}

/** A picture that was made to excite a unit: not a photo, and not what the unit looks for in photos. */
export interface MaximizedImage {
  /** [height, width, 3], 0 to 1. */
  readonly image: Float64Array;
  readonly height: number;
  readonly width: number;
  /** The unit on the picture as it is, not moved. */
  readonly value: number;
  /** The unit at each step, on the picture as it was moved then. */
  readonly values: readonly number[];
  readonly method: string;
}

const LUCID: Robustness = {
  jitter: 8,
  scales: Array.from({ length: 11 }, (_, i) => 0.9 + 0.02 * i),
  degrees: [-10, -8, -6, -4, -2, 0, 0, 0, 0, 0, 0, 2, 4, 6, 8, 10],
};

/**
 * Makes a picture that excites a unit, by gradient ascent on its frequencies with decorrelated colors, under random movements
 * (Olah, Mordvintsev & Schubert, Distill 2017). Such pictures say less about a unit than its top photos do (Borowski et al.
 * 2021), and can be made to say anything (Geirhos et al. 2024): show them beside photos, under what they are.
 *
 * @throws FoveaError `shape` where the model does not take color pictures, `aborted` where the signal is given.
 */
export async function maximizeUnit(
  inspector: Inspector,
  target: UnitTarget,
  {
    preprocessing,
    steps = 256,
    learningRate = 0.05,
    robustness = LUCID,
    seed = 0,
    signal,
    onProgress,
  }: MaximizeOptions,
): Promise<MaximizedImage> {
  const [height, width] = colorShape(inspector);
  const picture = new FourierImage(height, width);
  const random = new RandomStream(seed, 'maximize');
  const parameters = Float64Array.from({ length: picture.size }, () => 0.01 * random.normal());
  const adam = new HostAdam(parameters.length, learningRate);
  const pick = (list: readonly number[]): number => list[random.below(list.length)] as number;
  const values: number[] = [];
  const colors = new NetworkColors(preprocessing);
  for (let step = 0; step < steps; step++) {
    throwIfAborted('maximize', signal);
    const movement =
      robustness === false
        ? undefined
        : new Resampling(height, width, {
            down: random.below(2 * robustness.jitter + 1) - robustness.jitter,
            right: random.below(2 * robustness.jitter + 1) - robustness.jitter,
            scale: pick(robustness.scales),
            degrees: pick(robustness.degrees),
          });
    const image = picture.image(parameters);
    const x = colors.toNetwork(movement === undefined ? image : movement.forward(image));
    const found = await inspector.backward(new Tensor(x, [1, height, width, 3]), { target });
    const value = found.values[0] as number;
    values.push(value);
    const byMoved = colors.gradient((found.signals[0] as Tensor<'float32'>).data);
    adam.ascend(parameters, picture.gradient(movement === undefined ? byMoved : movement.backward(byMoved)));
    onProgress?.(step + 1, steps, value);
  }
  const image = picture.image(parameters);
  const end = await inspector.backward(new Tensor(colors.toNetwork(image), [1, height, width, 3]), { target });
  const method = `made by optimization, not a photo: ${steps} steps on frequencies with decorrelated colors, ${robustness === false ? 'without movements' : 'under random movements'}, seed ${seed}`;
  return { image, height, width, value: end.values[0] as number, values, method };
}

/** Adam (Kingma & Ba 2015) on numbers of the host, upwards. */
class HostAdam {
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  readonly #learningRate: number;
  #step = 0;

  constructor(size: number, learningRate: number) {
    this.#first = new Float64Array(size);
    this.#second = new Float64Array(size);
    this.#learningRate = learningRate;
  }

  ascend(parameters: Float64Array, gradient: Float64Array): void {
    this.#step++;
    const [a, b] = [1 - 0.9 ** this.#step, 1 - 0.999 ** this.#step];
    for (let i = 0; i < parameters.length; i++) {
      const g = gradient[i] as number;
      const m = 0.9 * (this.#first[i] as number) + 0.1 * g;
      const v = 0.999 * (this.#second[i] as number) + 0.001 * g * g;
      this.#first[i] = m;
      this.#second[i] = v;
      parameters[i] = (parameters[i] as number) + (this.#learningRate * (m / a)) / (Math.sqrt(v / b) + 1e-8);
    }
  }
}
