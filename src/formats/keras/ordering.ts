import { formatError } from '../formatError.js';
import type { StoredTensor } from '../safetensors.js';
import type { KerasLayerWeights } from './kerasFile.js';

/** Keras 1's names of the layouts: 'th' is [out, in, h, w], 'tf' is [h, w, in, out]. */
export type KernelOrdering = 'th' | 'tf';

/** How the kernels of a file are stored. */
export interface KernelStorage {
  readonly ordering: KernelOrdering;
  /** Made by Theano, whose convolution turns its kernels by 180°. */
  readonly flipped: boolean;
}

/** What is known of a file besides its shapes. */
export interface OrderingHints {
  /** What the caller says. */
  readonly ordering: KernelOrdering | 'auto';
  /** What the file names as the program behind Keras; Keras 1 names none. */
  readonly backend: string | undefined;
  /** `dim_ordering` or `data_format` of the configuration. */
  readonly configured: KernelOrdering | undefined;
  /** The file's name: Keras's own weights say `th_dim_ordering_th_kernels`. */
  readonly name: string;
}

/**
 * Tells how kernels are stored. Keras 2 and later store [h, w, in, out] whatever the backend; the files of Keras 1 carry no
 * mark, so that the caller's word, the configuration, the file's name and at last the shapes decide.
 *
 * @throws FoveaError `format` where nothing decides.
 */
export function kernelStorage(
  layers: readonly KerasLayerWeights[],
  where: string,
  hints: OrderingHints,
): KernelStorage {
  const { backend, name } = hints;
  if (backend !== undefined) return { ordering: 'tf', flipped: backend === 'theano' };
  const kernels = /(th|tf)_kernels/.exec(name)?.[1];
  const dims = /(th|tf)_dim_ordering/.exec(name)?.[1] as KernelOrdering | undefined;
  const given = hints.ordering === 'auto' ? undefined : hints.ordering;
  const ordering = given ?? hints.configured ?? dims ?? orderingOfShapes(layers, where);
  return { ordering, flipped: kernels === undefined || given !== undefined ? ordering === 'th' : kernels === 'th' };
}

/** By the layers' biases, which have as many numbers as there are filters; then by the sizes of the kernels. */
function orderingOfShapes(layers: readonly KerasLayerWeights[], where: string): KernelOrdering {
  const votes = { th: 0, tf: 0 };
  for (const { weights } of layers) {
    const kernel = weights[0]?.tensor.shape;
    if (kernel?.length !== 4) continue;
    const [a, b, c, d] = kernel as [number, number, number, number];
    const bias = weights.at(-1)?.tensor.shape;
    const filters = bias?.length === 1 ? bias[0] : undefined;
    if (a !== d && (filters === a || filters === d)) votes[filters === a ? 'th' : 'tf']++;
    else if (Math.max(a, b) < Math.min(c, d)) votes.tf++;
    else if (Math.max(c, d) < Math.min(a, b)) votes.th++;
  }
  if (votes.th > 0 !== votes.tf > 0) return votes.th > 0 ? 'th' : 'tf';
  if (votes.th === 0 && !layers.some(({ weights }) => weights[0]?.tensor.shape.length === 4)) return 'tf'; // no kernels
  throw formatError(
    where,
    'the shapes of the kernels must tell whether they are stored as [out, in, h, w] or [h, w, in, out]',
    `${votes.th} that look like the first and ${votes.tf} like the second`,
    'Give the option ordering: "th" for the first (Theano), "tf" for the second',
  );
}

/** A kernel as [h, w, in, out] for correlation. Tensors of other than 4 axes stay as they are. */
export function toCorrelationKernel(tensor: StoredTensor, { ordering, flipped }: KernelStorage): StoredTensor {
  if (tensor.shape.length !== 4 || !(tensor.data instanceof Float32Array)) return tensor;
  if (ordering === 'tf' && !flipped) return tensor;
  const [a, b, c, d] = tensor.shape as readonly [number, number, number, number];
  const [h, w, cIn, cOut] = ordering === 'th' ? [c, d, b, a] : [a, b, c, d];
  const strides =
    ordering === 'th' ? { y: w, x: 1, i: h * w, o: cIn * h * w } : { y: w * cIn * cOut, x: cIn * cOut, i: cOut, o: 1 };
  const { data } = tensor;
  const result = new Float32Array(data.length);
  let to = 0;
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const pixel = flipped ? (h - 1 - y) * strides.y + (w - 1 - x) * strides.x : y * strides.y + x * strides.x;
      for (let i = 0; i < cIn; i++) {
        for (let o = 0; o < cOut; o++) result[to++] = data[pixel + i * strides.i + o * strides.o] as number;
      }
    }
  }
  return { ...tensor, shape: [h, w, cIn, cOut], data: result };
}
