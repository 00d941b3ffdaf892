import { modelAbove, separates } from '../../model/modelAbove.js';
import { FoveaError } from '../../tensor/errors.js';
import { formatShape, sizeOf } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { Inspector } from '../inspector.js';
import type { LayerPlace } from '../place.js';
import { lastSpatialPlace } from '../spatialPlace.js';
import { type ResolvedTarget, rowsOf, type Target } from '../target.js';
import { type Attribution, fixedTarget, rangeOf } from './attribution.js';

export interface ClassMapOptions {
  /**
   * 'hiResCam': Σ gradient · activation at each cell (Draelos and Carin, 2020), whose values add up to the score where what
   * follows is linear. 'gradCam': the same with each channel's mean gradient (Selvaraju et al., 2017). 'layerCam': with
   * gradients above 0 alone (Jiang et al., 2021).
   * @default 'hiResCam'
   */
  readonly method?: 'hiResCam' | 'gradCam' | 'layerCam';
  /** @default the margin: the likeliest class rather than the next */
  readonly target?: Target | undefined;
  /** @default {@link lastSpatialPlace} */
  readonly place?: LayerPlace | undefined;
  /** Values below 0 become 0, as the paper of Grad-CAM has it. @default true for 'gradCam', false for the others */
  readonly rectify?: boolean;
}

/** A map with as many cells as the layer that it comes from. */
export interface ClassMap extends Attribution {
  /** Σ of the values before any were made 0. */
  readonly sum: number;
  /** The target's value with nothing at the layer: what biases alone give. Undefined where paths lead around the layer. */
  readonly bias: number | undefined;
  /** Everything above the layer is linear: then sum and bias add up to the target's value, for 'hiResCam'. */
  readonly linearHead: boolean;
  /** What of the target's value the sum and the bias do not explain: it cannot be said where it comes from. */
  readonly residual: number;
}

/**
 * Evidence for a target at each cell of a layer: signed, in units of the target's value. x [n, h, w, c] → n maps.
 *
 * @throws FoveaError `option` for a layer without height and width.
 */
export async function classMap(
  inspector: Inspector,
  x: Tensor<'float32'>,
  options: ClassMapOptions = {},
): Promise<ClassMap[]> {
  const { method = 'hiResCam', target = { kind: 'margin' }, rectify = method === 'gradCam' } = options;
  const { place = lastSpatialPlace(inspector.model) } = options;
  const shape = inspector.shapeAt(place);
  if (shape.length !== 3) {
    throw new FoveaError('option', {
      where: `layer "${place.layer}"`,
      rule: 'a map needs a layer with height and width',
      received: formatShape(shape),
      remedy: `Take ${lastSpatialPlace(inspector.model).layer}`,
    });
  }
  const [height, width, channels] = shape as [number, number, number];
  const result = await inspector.backward(x, { target, to: [place], values: [place] });
  const gradients = rowsOf(result.signals[0] as Tensor<'float32'>);
  const activations = rowsOf(result.activations[0] as Tensor<'float32'>);
  const linearHead = target.kind !== 'unit' && target.kind !== 'logProbability' && inspector.isAffine(place, 'logits');
  const maps: ClassMap[] = [];
  for (const [i, gradient] of gradients.entries()) {
    const raw = combine(method, gradient, activations[i] as Float32Array, channels);
    const sum = raw.reduce((a, b) => a + b, 0);
    const values = rectify ? raw.map((value) => Math.max(0, value)) : raw;
    const resolved = result.targets[i] as ResolvedTarget;
    const targetValue = result.values[i] as number;
    const bias = await biasOf(inspector, place, resolved);
    maps.push({
      ...{ method, height, width, values, signed: !rectify, range: rangeOf(values), place },
      ...{ target: resolved, targetValue, parameters: { rectify } },
      ...{ sum, bias, linearHead, residual: targetValue - sum - (bias ?? 0) },
    });
  }
  return maps;
}

function combine(
  method: 'hiResCam' | 'gradCam' | 'layerCam',
  gradient: Float32Array,
  activation: Float32Array,
  channels: number,
): Float32Array {
  const cells = gradient.length / channels;
  const map = new Float32Array(cells);
  const means = new Float64Array(channels);
  for (let i = 0; i < gradient.length; i++) {
    means[i % channels] = (means[i % channels] as number) + (gradient[i] as number) / cells;
  }
  for (let cell = 0; cell < cells; cell++) {
    let total = 0;
    for (let k = 0; k < channels; k++) {
      const g = gradient[cell * channels + k] as number;
      const weight = method === 'gradCam' ? (means[k] as number) : method === 'layerCam' ? Math.max(0, g) : g;
      total += weight * (activation[cell * channels + k] as number);
    }
    map[cell] = total;
  }
  return map;
}

/** The target's value where the layer holds nothing but zeros. */
async function biasOf(inspector: Inspector, place: LayerPlace, target: ResolvedTarget): Promise<number | undefined> {
  const { model, engine } = inspector;
  const node = model.layerOutput(place.layer);
  if (target.kind === 'unit' || place.beforeActivation === true || !separates(model, node)) return undefined;
  const head = heads.get(inspector) ?? new Map<string, Inspector>();
  heads.set(inspector, head);
  const key = `${model.revision}|${place.layer}`;
  const above = head.get(key) ?? new Inspector(modelAbove(model, node), engine);
  head.set(key, above);
  const nothing = new Tensor<'float32'>(new Float32Array(sizeOf(node.shape)), [1, ...node.shape]);
  return (await above.targetValues(nothing, fixedTarget(target)))[0];
}

/** What lies above a place, with the plans that were made for it. */
const heads = new WeakMap<Inspector, Map<string, Inspector>>();
