import { align } from '../../../compile/arena.js';
import type { Value } from '../../../ops/graph.js';
import { broadcastStrides } from '../../../ops/strided.js';
import type { AttributesOf, OpName } from '../../../ops/table.js';
import { type Shape, sizeOf } from '../../../tensor/shape.js';
import { chunks, floatBits, type KernelCall, type KernelName, type Lowering, type LoweringTable } from '../lowering.js';
import { type WalkAxis, walkAxes } from './strides.js';

/** A vector that repeats along an array is written out to about this many elements, so that rows are long. */
const ROW = 2048;
/** Longest vector that is worth writing out. */
const SHORT = 512;

/** An op of one input: y[i] = f(x[i]), with the kernel's parameters `a` and `b`. */
function unary<K extends OpName>(
  kernel: KernelName,
  parameters: (attributes: AttributesOf<K>) => readonly number[] = () => [],
): Lowering<K> {
  return {
    lower: ({ inputs, outputs, outputShapes, attributes }) => {
      const size = sizeOf(outputShapes[0] as Shape);
      const [a = 0, b = 0] = parameters(attributes);
      const words = [inputs[0] as number, outputs[0] as number, size, floatBits(a), floatBits(b)];
      return [{ kernel, items: chunks(size), words }];
    },
  };
}

/** An op of two inputs that broadcast. */
function binary<K extends OpName>(kernel: KernelName): Lowering<K> {
  return {
    workspace: ({ inputs, outputs }) => {
      const { repeated } = broadcastWalk(inputs.map(shapeOf), shapeOf(outputs[0] as Value));
      return repeated === undefined ? 0 : align(4 * repeated.row);
    },
    lower: ({ inputs, outputs, inputShapes, outputShapes, workspace }) => {
      const shape = outputShapes[0] as Shape;
      const size = sizeOf(shape);
      const { axes, repeated } = broadcastWalk(inputShapes, shape);
      const calls: KernelCall[] = [];
      const sources = [...inputs];
      if (repeated !== undefined) {
        const { input, length, row } = repeated;
        const words = [sources[input] as number, workspace, row, length, 1, 1, row / length, 0];
        calls.push({ kernel: 'gatherStrided', items: chunks(row), words });
        sources[input] = workspace;
      }
      const [inner = { size: 1, steps: [1, 1] }, ...outer] = [...axes].reverse();
      const words = [...(sources as [number, number]), outputs[0] as number, size, inner.size, ...inner.steps];
      words.push(outer.length, ...outer.flatMap((axis) => [axis.size, ...axis.steps]));
      calls.push({ kernel, items: chunks(size), words });
      return calls;
    },
  };
}

/** An input that is a short vector repeated all along the other: it is written out into rows of `row` elements. */
interface Repeated {
  readonly input: number;
  readonly length: number;
  readonly row: number;
}

/** How an output is walked over two inputs. The last row may be cut short by the output's end. */
function broadcastWalk(inputs: readonly Shape[], shape: Shape): { axes: WalkAxis[]; repeated?: Repeated } {
  const axes = walkAxes(
    shape,
    inputs.map((input) => broadcastStrides(input, shape)),
  );
  const [outer, inner] = axes;
  if (axes.length !== 2 || outer === undefined || inner === undefined) return { axes };
  const input = outer.steps.indexOf(0);
  const length = inner.size;
  if (input < 0 || inner.steps.includes(0) || length >= SHORT || outer.size * length < 2 * ROW) return { axes };
  const row = length * 4 * Math.ceil(ROW / (4 * length));
  const steps = outer.steps.map((step) => (step === 0 ? 0 : row));
  const count = Math.ceil((outer.size * length) / row);
  return {
    axes: [
      { size: count, steps },
      { size: row, steps: inner.steps },
    ],
    repeated: { input, length, row },
  };
}

function shapeOf({ shape }: Value): Shape {
  return shape;
}

type ElementwiseOp =
  | ('fill' | 'exp' | 'log' | 'sqrt' | 'square' | 'abs' | 'negate' | 'sign' | 'scale' | 'clip' | 'bias')
  | ('add' | 'subtract' | 'multiply' | 'divide' | 'maximum' | 'minimum' | 'power')
  | ('greaterEqual' | 'squaredDifference');

/** Ops that treat every element alike, with broadcasting where there are two inputs. */
export const elementwiseLowerings: Pick<LoweringTable, ElementwiseOp> = {
  fill: {
    lower: ({ outputs, outputShapes, attributes }) => {
      const size = sizeOf(outputShapes[0] as Shape);
      return [
        { kernel: 'fill', items: chunks(size), words: [outputs[0] as number, size, floatBits(attributes.value)] },
      ];
    },
  },
  exp: unary('mapExp'),
  log: unary('mapLog'),
  sqrt: unary('mapSqrt'),
  square: unary('mapSquare'),
  abs: unary('mapAbs'),
  negate: unary('mapNegate'),
  sign: unary('mapSign'),
  scale: unary<'scale'>('mapScale', ({ factor, offset }) => [factor, offset]),
  clip: unary<'clip'>('mapClip', ({ min, max }) => [min, max]),
  bias: binary('broadcastAdd'),
  add: binary('broadcastAdd'),
  subtract: binary('broadcastSubtract'),
  multiply: binary('broadcastMultiply'),
  divide: binary('broadcastDivide'),
  maximum: binary('broadcastMaximum'),
  minimum: binary('broadcastMinimum'),
  power: binary('broadcastPower'),
  greaterEqual: binary('broadcastGreaterEqual'),
  squaredDifference: binary('broadcastSquaredDifference'),
};
