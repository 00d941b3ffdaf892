import type { Layer } from '../layers/layer.js';
import { FoveaError } from '../tensor/errors.js';
import type { Shape } from '../tensor/shape.js';
import { costByLayer, type LayerCost } from './cost.js';
import type { Model, ParameterCounts } from './model.js';

export interface SummaryOptions {
  /** Adds multiply-adds, floating-point operations and bytes of a forward pass. @default false */
  readonly cost?: boolean;
  /** Number of examples that costs are for. @default 1 */
  readonly batchSize?: number;
}

/** One layer of a summary. */
export interface SummaryRow {
  readonly name: string;
  readonly type: string;
  /** Without the batch axis; of a layer that is applied several times, the last. */
  readonly outputShape: Shape;
  readonly parameters: number;
  readonly trainable: boolean;
  /** Names of the layers that its inputs come from. */
  readonly inputs: readonly string[];
  readonly cost?: LayerCost;
}

/** A model in figures, layer by layer. */
export interface Summary {
  readonly name: string;
  readonly kind: Model['kind'];
  readonly rows: readonly SummaryRow[];
  readonly parameters: ParameterCounts;
  /** Bytes of all weights. */
  readonly bytes: number;
  /** Of the whole model, where costs were asked for. */
  readonly cost?: LayerCost;
  readonly batchSize: number;
}

/** Everything that a summary shows. No weights are made and nothing is computed. */
export function summarize(model: Model, { cost = false, batchSize = 1 }: SummaryOptions): Summary {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    const rule = 'batchSize must be a whole number of at least 1';
    throw new FoveaError('option', { where: 'summary', rule, received: `${batchSize}` });
  }
  const costs = cost && model.outputs.length > 0 ? costByLayer(model, batchSize) : undefined;
  const none: LayerCost = { macs: 0, flops: 0, bytes: 0 };
  const rows = model.layers.map((layer) => ({
    ...rowOf(model, layer),
    ...(costs === undefined ? {} : { cost: costs.get(layer.name) ?? none }),
  }));
  const parameters = model.countParameters();
  const total = [...(costs?.values() ?? [])].reduce(
    (sum, one) => ({ macs: sum.macs + one.macs, flops: sum.flops + one.flops, bytes: sum.bytes + one.bytes }),
    none,
  );
  const common = { name: model.name, kind: model.kind, rows, parameters, bytes: 4 * parameters.total, batchSize };
  return costs === undefined ? common : { ...common, cost: total };
}

function rowOf(model: Model, layer: Layer): SummaryRow {
  const node = model.layerOutput(layer.name);
  return {
    name: layer.name,
    type: layer.type,
    outputShape: node.shape,
    parameters: layer.weights.reduce((sum, { variable }) => sum + variable.size, 0),
    trainable: layer.trainable,
    inputs: node.inputs.map((one) => one.layer.name),
  };
}
