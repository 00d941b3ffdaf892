import type { TensorSpec } from '../tensor/shape.js';
import { checkDType, checkInputCount, checkRank, checkShapeIs, float32 } from './checks.js';
import { elementwiseCost, type NumberArray, type OpCall, type OpDefinition, trafficBytes } from './definition.js';
import type { Value } from './graph.js';
import { logSumExp } from './softmax.js';

export interface CrossEntropyAttributes {
  /** Share s of the target that is spread evenly: t · (1 − s) + s / c, as Keras (c = 2 for the binary one). */
  readonly labelSmoothing: number;
}

/**
 * Cross-entropy in nats between target shares (which may be soft) and the softmax of the logits.
 *
 * Shapes: logits [n, c], targets [n, c] → [n].
 */
export function softmaxCrossEntropy(logits: Value, targets: Value, options: { labelSmoothing?: number } = {}): Value {
  const { labelSmoothing = 0 } = options;
  return logits.graph.emit('softmaxCrossEntropy', [logits, targets], { labelSmoothing })[0];
}

/**
 * Cross-entropy in nats between class numbers and the softmax of the logits. A label outside 0 … c − 1 gives NaN.
 *
 * Shapes: logits [n, c], labels int32 [n] → [n].
 */
export function sparseSoftmaxCrossEntropy(
  logits: Value,
  labels: Value,
  options: { labelSmoothing?: number } = {},
): Value {
  const { labelSmoothing = 0 } = options;
  return logits.graph.emit('sparseSoftmaxCrossEntropy', [logits, labels], { labelSmoothing })[0];
}

/**
 * Cross-entropy in nats of independent yes-or-no questions, from logits, element by element; any shape.
 *
 * Shapes: logits [...], targets [...] (0 … 1) → [...].
 */
export function binaryCrossEntropy(logits: Value, targets: Value, options: { labelSmoothing?: number } = {}): Value {
  const { labelSmoothing = 0 } = options;
  return logits.graph.emit('binaryCrossEntropy', [logits, targets], { labelSmoothing })[0];
}

export const softmaxCrossEntropyOp: OpDefinition<CrossEntropyAttributes> = {
  shape: (call) => [float32([checkTargets(call, 2, 'float32')[0]])],
  gradient: ({ graph, inputs, dy, needs, attributes }) => {
    const [logits, targets] = inputs as [Value, Value];
    const g = dy[0] as Value;
    let dTargets: Value | undefined;
    if (needs[1]) {
      // The loss is −Σ t' · log p with t' = t · (1 − s) + s / c, so its slope by t is −(1 − s) · log p.
      const logP = graph.emit('logSoftmax', [logits], {})[0];
      const column = graph.emit('reshape', [g], { shape: [...g.shape, 1] })[0];
      const product = graph.emit('multiply', [logP, column], {})[0];
      dTargets = graph.emit('scale', [product], { factor: attributes.labelSmoothing - 1, offset: 0 })[0];
    }
    return [
      needs[0] ? graph.emit('softmaxCrossEntropyGradient', [logits, targets, g], attributes)[0] : undefined,
      dTargets,
    ];
  },
  cost: rowCost(6),
  define: ({ inputs, outputs, inputShapes, attributes }) => {
    const [x, t] = inputs as [NumberArray, NumberArray];
    const losses = outputs[0] as NumberArray;
    const [n, c] = inputShapes[0] as [number, number];
    for (let row = 0; row < n; row++) {
      const logSum = logSumExp(x, row * c, (row + 1) * c);
      let loss = 0;
      for (let i = row * c; i < (row + 1) * c; i++) {
        loss += smooth(t[i] as number, c, attributes) * (logSum - (x[i] as number));
      }
      losses[row] = loss;
    }
  },
};

/** (logits [n, c], targets [n, c], dy [n]) → dlogits = dy · (softmax · Σ t' − t'), t' the smoothed targets. */
export const softmaxCrossEntropyGradientOp: OpDefinition<CrossEntropyAttributes> = {
  shape: (call) => [checkGradient(call, 2, 'float32')],
  gradient: 'none',
  cost: elementwiseCost(6),
  define: ({ inputs, outputs, inputShapes, attributes }) => {
    const [x, t, dy] = inputs as [NumberArray, NumberArray, NumberArray];
    const dx = outputs[0] as NumberArray;
    const [n, c] = inputShapes[0] as [number, number];
    for (let row = 0; row < n; row++) {
      const logSum = logSumExp(x, row * c, (row + 1) * c);
      let total = 0;
      for (let i = row * c; i < (row + 1) * c; i++) total += smooth(t[i] as number, c, attributes);
      for (let i = row * c; i < (row + 1) * c; i++) {
        const share = Math.exp((x[i] as number) - logSum);
        dx[i] = (dy[row] as number) * (share * total - smooth(t[i] as number, c, attributes));
      }
    }
  },
};

export const sparseSoftmaxCrossEntropyOp: OpDefinition<CrossEntropyAttributes> = {
  shape: (call) => [float32([checkTargets(call, 1, 'int32')[0]])],
  gradient: ({ graph, inputs, dy, needs, attributes }) => {
    const [logits, labels] = inputs as [Value, Value];
    if (!needs[0]) return [undefined, undefined];
    return [
      graph.emit('sparseSoftmaxCrossEntropyGradient', [logits, labels, dy[0] as Value], attributes)[0],
      undefined,
    ];
  },
  cost: rowCost(5),
  define: ({ inputs, outputs, inputShapes, attributes }) => {
    const [x, labels] = inputs as [NumberArray, NumberArray];
    const losses = outputs[0] as NumberArray;
    const [n, c] = inputShapes[0] as [number, number];
    for (let row = 0; row < n; row++) {
      const label = labels[row] as number;
      const logSum = logSumExp(x, row * c, (row + 1) * c);
      let loss = isClass(label, c) ? 0 : Number.NaN;
      for (let k = 0; k < c; k++) {
        loss += smooth(k === label ? 1 : 0, c, attributes) * (logSum - (x[row * c + k] as number));
      }
      losses[row] = loss;
    }
  },
};

/** (logits [n, c], labels int32 [n], dy [n]) → dlogits = dy · (softmax − t'); NaN in rows whose label is no class. */
export const sparseSoftmaxCrossEntropyGradientOp: OpDefinition<CrossEntropyAttributes> = {
  shape: (call) => [checkGradient(call, 1, 'int32')],
  gradient: 'none',
  cost: elementwiseCost(5),
  define: ({ inputs, outputs, inputShapes, attributes }) => {
    const [x, labels, dy] = inputs as [NumberArray, NumberArray, NumberArray];
    const dx = outputs[0] as NumberArray;
    const [n, c] = inputShapes[0] as [number, number];
    for (let row = 0; row < n; row++) {
      const label = labels[row] as number;
      const g = isClass(label, c) ? (dy[row] as number) : Number.NaN;
      const logSum = logSumExp(x, row * c, (row + 1) * c);
      for (let k = 0; k < c; k++) {
        const share = Math.exp((x[row * c + k] as number) - logSum);
        dx[row * c + k] = g * (share - smooth(k === label ? 1 : 0, c, attributes));
      }
    }
  },
};

export const binaryCrossEntropyOp: OpDefinition<CrossEntropyAttributes> = {
  shape: ({ inputs, where }) => {
    checkInputCount(where, inputs, 2);
    const [logits, targets] = inputs as [TensorSpec, TensorSpec];
    checkDType(where, 'logits', logits, 'float32');
    checkDType(where, 'targets', targets, 'float32');
    checkShapeIs(where, 'targets', targets, logits.shape);
    return [float32(logits.shape)];
  },
  gradient: ({ graph, inputs, dy, needs, attributes }) => {
    const [logits, targets] = inputs as [Value, Value];
    const g = dy[0] as Value;
    const s = attributes.labelSmoothing;
    const times = (slope: Value): Value => graph.emit('multiply', [slope, g], {})[0];
    let dLogits: Value | undefined;
    let dTargets: Value | undefined;
    if (needs[0]) {
      const smoothed = s === 0 ? targets : graph.emit('scale', [targets], { factor: 1 - s, offset: s / 2 })[0];
      const probability = graph.emit('sigmoid', [logits], {})[0];
      dLogits = times(graph.emit('subtract', [probability, smoothed], {})[0]);
    }
    if (needs[1]) dTargets = times(graph.emit('scale', [logits], { factor: s - 1, offset: 0 })[0]);
    return [dLogits, dTargets];
  },
  cost: elementwiseCost(8),
  define: ({ inputs, outputs, attributes }) => {
    const [x, t] = inputs as [NumberArray, NumberArray];
    const y = outputs[0] as NumberArray;
    for (let i = 0; i < y.length; i++) {
      const logit = x[i] as number;
      const target = smooth(t[i] as number, 2, attributes);
      y[i] = Math.max(logit, 0) - logit * target + Math.log1p(Math.exp(-Math.abs(logit)));
    }
  },
  inPlace: [0, 1],
};

function smooth(target: number, classes: number, { labelSmoothing: s }: CrossEntropyAttributes): number {
  return target * (1 - s) + s / classes;
}

function isClass(label: number, classes: number): boolean {
  return label >= 0 && label < classes;
}

function checkTargets(
  { inputs, where }: OpCall<CrossEntropyAttributes>,
  rank: 1 | 2,
  dtype: 'float32' | 'int32',
  extra = 0,
): [n: number, c: number] {
  checkInputCount(where, inputs, 2 + extra);
  const [logits, targets] = inputs as [TensorSpec, TensorSpec];
  const name = rank === 1 ? 'labels' : 'targets';
  checkRank(where, 'logits', logits, 2, '[n, c]');
  checkDType(where, 'logits', logits, 'float32');
  checkDType(where, name, targets, dtype);
  checkShapeIs(where, name, targets, logits.shape.slice(0, rank));
  return logits.shape as [number, number];
}

function checkGradient(call: OpCall<CrossEntropyAttributes>, rank: 1 | 2, dtype: 'float32' | 'int32'): TensorSpec {
  const [n, c] = checkTargets(call, rank, dtype, 1);
  checkShapeIs(call.where, 'output gradient', call.inputs[2] as TensorSpec, [n]);
  return float32([n, c]);
}

function rowCost(flopsPerLogit: number) {
  return ({ inputs }: OpCall<CrossEntropyAttributes>, outputs: readonly TensorSpec[]) => {
    const [n, c] = (inputs[0] as TensorSpec).shape as [number, number];
    return { flops: flopsPerLogit * n * c, bytes: trafficBytes(inputs, outputs) };
  };
}
