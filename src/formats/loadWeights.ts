import type { Model, ModelWeight } from '../model/model.js';
import { FoveaError } from '../tensor/errors.js';
import { nearestName } from '../tensor/nearest.js';
import { formatShape } from '../tensor/shape.js';
import type { WritableTensor } from './safetensors.js';
import { type Arrange, arrangement, type WeightLayout, type WeightLayoutName, weightLayouts } from './weightLayout.js';
import { parseTensorName, WeightFinder } from './weightNames.js';

/** How the tensors of a file are matched with the weights of a model. */
export interface LoadWeightsOptions {
  /** Whose layout the tensors have, or the layout itself. */
  readonly layout: WeightLayoutName | WeightLayout;
  /** Turns names of tensors into names that a layer and one of its weights can be told from, as `conv1/kernel`. */
  readonly rename?: (tensor: string) => string;
  /** ε of the batch normalizations that the weights were trained with; the model must have the same. */
  readonly epsilon?: number;
  /** Leaves weights that find no tensor, or one of another shape, as they are. @default false: that is an error */
  readonly partial?: boolean;
  /** How messages name the file. @default 'weights' */
  readonly where?: string;
}

/** What became of the tensors of a file. */
export interface WeightReport {
  readonly matched: readonly { readonly tensor: string; readonly weight: string }[];
  /** Weights that no tensor was found for, with the unused tensor whose name is nearest (the first 20). */
  readonly missing: readonly { readonly weight: string; readonly nearest?: string }[];
  /** Tensors that no weight was found for, with the missing weight whose name is nearest (the first 20). */
  readonly unused: readonly { readonly tensor: string; readonly nearest?: string }[];
  /** Names that match where shapes do not. */
  readonly misfits: readonly { readonly tensor: string; readonly weight: string; readonly reason: string }[];
}

interface Match extends ModelWeight {
  readonly tensor: string;
  readonly data: Float32Array;
  readonly arrange: Arrange;
}

/**
 * Puts tensors of another framework into a model: names are matched, kernels brought into the order HWIO and [in, out], the
 * rows of a dense layer after a flatten into the order h, w, c. Tensors without a weight are reported, never an error.
 *
 * @throws FoveaError `name` where weights find no tensor, `shape` where shapes differ, `option` where ε does; nothing is
 * changed then.
 */
export async function loadWeights(
  model: Model,
  tensors: ReadonlyMap<string, WritableTensor>,
  options: LoadWeightsOptions,
): Promise<WeightReport> {
  const { partial = false, where = 'weights' } = options;
  if (options.epsilon !== undefined) checkEpsilon(where, model, options.epsilon);
  const { matches, report } = matchWeights(model, tensors, options);
  if (!partial) checkComplete(where, model, report);
  for (const { weight, data, arrange } of matches) await weight.variable.write(arrange(data));
  return report;
}

function matchWeights(
  model: Model,
  tensors: ReadonlyMap<string, WritableTensor>,
  { layout, rename = (tensor) => tensor }: LoadWeightsOptions,
): { matches: readonly Match[]; report: WeightReport } {
  const rules = typeof layout === 'string' ? weightLayouts[layout] : layout;
  const finder = new WeightFinder(model);
  const matches = new Map<string, Match>();
  const misfits: { tensor: string; weight: string; reason: string }[] = [];
  const unused: string[] = [];
  for (const [tensor, { shape, data }] of tensors) {
    if (tensor.endsWith('num_batches_tracked')) continue; // a counter of PyTorch's, no weight
    const found = finder.find(rename(tensor));
    if (found === undefined) {
      unused.push(tensor);
      continue;
    }
    const taken = matches.get(found.path);
    const arrange = arrangement(model, found.layer, found.weight, shape, rules);
    const expected = `the weight is float32 ${formatShape(found.weight.variable.shape)}`;
    const received = `the tensor ${data instanceof Float32Array ? '' : 'int32 '}${formatShape(shape)}`;
    if (taken !== undefined) {
      misfits.push({ tensor, weight: found.path, reason: `the tensor "${taken.tensor}" matches the same weight` });
    } else if (arrange === undefined || !(data instanceof Float32Array)) {
      misfits.push({ tensor, weight: found.path, reason: `${expected}, ${received} in the layout ${nameOf(layout)}` });
    } else {
      matches.set(found.path, { ...found, tensor, data, arrange });
    }
  }
  const misfitting = new Set(misfits.map(({ weight }) => weight));
  const missing = model.weights.map(({ path }) => path).filter((path) => !matches.has(path) && !misfitting.has(path));
  return {
    matches: [...matches.values()],
    report: {
      matched: [...matches.values()].map(({ tensor, path }) => ({ tensor, weight: path })),
      misfits,
      ...nearest(missing, unused, rename),
    },
  };
}

/** How many names are compared: a damaged file may have a million. */
const MOST_COMPARED = 500;

/** Names are compared as `layer/weight`, whatever the file calls them. */
function nearest(missing: readonly string[], unused: readonly string[], rename: (tensor: string) => string) {
  const plain = (tensor: string): string => {
    const { layer, roles } = parseTensorName(rename(tensor));
    return `${layer}/${roles[0]}`;
  };
  const candidates = new Map(unused.slice(0, MOST_COMPARED).map((tensor) => [plain(tensor), tensor]));
  const wanted = missing.slice(0, MOST_COMPARED);
  return {
    missing: missing.map((weight, i) => {
      const near = i < 20 ? candidates.get(nearestName(weight, candidates.keys()) ?? '') : undefined;
      return near === undefined ? { weight } : { weight, nearest: near };
    }),
    unused: unused.map((tensor, i) => {
      const near = i < 20 ? nearestName(plain(tensor), wanted) : undefined;
      return near === undefined ? { tensor } : { tensor, nearest: near };
    }),
  };
}

function checkComplete(where: string, model: Model, { missing, misfits, matched }: WeightReport): void {
  const [misfit] = misfits;
  const all = model.weights.length;
  if (misfit !== undefined) {
    throw new FoveaError('shape', {
      where,
      rule: `the tensor "${misfit.tensor.slice(0, 100)}" does not fit "${misfit.weight}": ${misfit.reason}`,
      remedy: 'Check that the file, its layout and the network belong together, or load what fits with partial: true',
      data: { misfits },
    });
  }
  const [first] = missing;
  if (first === undefined) return;
  const near = first.nearest === undefined ? '' : `. The nearest name in the file is "${first.nearest.slice(0, 100)}"`;
  throw new FoveaError('name', {
    where,
    rule: `${missing.length} of ${all} weights of model "${model.name}" find no tensor, the first is "${first.weight}"${near}`,
    received: `${matched.length} tensors that match`,
    remedy: 'Give the option rename where names differ, or load what matches with partial: true',
    data: { missing },
  });
}

function checkEpsilon(where: string, model: Model, epsilon: number): void {
  for (const layer of model.layers) {
    if (layer.type !== 'batchNormalization') continue;
    const own = layer.config().epsilon;
    if (own === epsilon) continue;
    throw new FoveaError('option', {
      where,
      rule: `the weights were trained with batch normalization's epsilon ${epsilon}`,
      received: `${layer.where} with epsilon ${own}`,
      remedy: `Build the network with { epsilon: ${epsilon} }`,
      data: { epsilon, received: own },
    });
  }
}

function nameOf(layout: WeightLayoutName | WeightLayout): string {
  return typeof layout === 'string' ? `"${layout}"` : JSON.stringify(layout);
}
