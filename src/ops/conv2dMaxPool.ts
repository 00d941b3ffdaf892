import { FoveaError } from '../tensor/errors.js';
import { formatShape, sizeOf, type TensorSpec } from '../tensor/shape.js';
import { float32 } from './checks.js';
import { type Conv2dAttributes, conv2dOp } from './conv2d.js';
import { type NumberArray, type OpCall, type OpDefinition, trafficBytes } from './definition.js';

/** The shape of what is pooled. */
function convolved(call: OpCall<Conv2dAttributes>): TensorSpec {
  return conv2dOp.shape(call)[0] as TensorSpec;
}

/**
 * A convolution and the largest of each 2 × 2 pixels of its result, a last odd row or column left out: what a plan for inference
 * makes of the two where its engine can do both at once. It is made after differentiation and has no gradient.
 *
 * Shapes: x [n, h, w, cIn], w [kh, kw, cIn / groups, cOut], bias [cOut] (optional) → [n, ⌊oh / 2⌋, ⌊ow / 2⌋, cOut].
 */
export const conv2dMaxPoolOp: OpDefinition<Conv2dAttributes> = {
  shape: (call) => {
    const { shape } = convolved(call);
    const [n, oh, ow, cOut] = shape as [number, number, number, number];
    if (oh < 2 || ow < 2) {
      const rule = 'the convolution must leave at least 2 × 2 pixels to pool';
      throw new FoveaError('shape', { where: call.where, rule, received: formatShape(shape) });
    }
    return [float32([n, Math.floor(oh / 2), Math.floor(ow / 2), cOut])];
  },
  gradient: 'none',
  cost: (call, outputs) => {
    const { flops } = conv2dOp.cost(call, [convolved(call)]);
    return { flops, bytes: trafficBytes(call.inputs, outputs) };
  },
  define: ({ inputs, outputs, inputShapes, outputShapes, attributes }) => {
    const specs = inputShapes.map((shape) => float32(shape));
    const { shape } = convolved({ inputs: specs, attributes, where: 'conv2dMaxPool' });
    const full = new Float64Array(sizeOf(shape));
    conv2dOp.define({ inputs, outputs: [full], inputShapes, outputShapes: [shape], attributes });
    const [, oh, ow, c] = shape as [number, number, number, number];
    const [, ph, pw] = outputShapes[0] as [number, number, number, number];
    const y = outputs[0] as NumberArray;
    for (let i = 0; i < y.length; i++) {
      const pixel = Math.floor(i / c);
      const [px, py, image] = [pixel % pw, Math.floor(pixel / pw) % ph, Math.floor(pixel / pw / ph)];
      const at = ((image * oh + 2 * py) * ow + 2 * px) * c + (i % c);
      y[i] = Math.max(...[at, at + c, at + ow * c, at + (ow + 1) * c].map((j) => full[j] as number));
    }
  },
};
