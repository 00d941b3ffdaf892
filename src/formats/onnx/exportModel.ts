import type { Layer } from '../../layers/layer.js';
import type { LayerOutput } from '../../layers/layerOutput.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import type { Shape } from '../../tensor/shape.js';
import type { WriteOnnxOptions } from '../onnx.js';
import { GraphWriter } from './graphWriter.js';
import { LayerContext } from './layerContext.js';
import { layerWriters } from './layerWriters.js';

/** Writes a model as pieces of an ONNX file. */
export async function exportModel(model: Model, options: WriteOnnxOptions): Promise<Uint8Array[]> {
  const { layout = 'nchw', half = false, metadata = {} } = options;
  const where = `writeOnnx, model "${model.name}"`;
  if (model.outputs.length === 0) throw new FoveaError('option', { where, rule: 'it has no layers yet' });
  const graph = new GraphWriter(half);
  const names = new Map<LayerOutput, string>();
  const channelsFirst = (node: LayerOutput): boolean => layout === 'nchw' && node.shape.length === 3;
  for (const node of model.inputs) {
    const name = graph.input(node.layer.name, channelsFirst(node) ? firstChannels(node.shape) : node.shape);
    const isLast = node.shape.length === 3 && layout === 'nhwc';
    names.set(node, isLast ? graph.node('Transpose', `${name}/nchw`, [name], { perm: [0, 3, 1, 2] }) : name);
  }
  // A layer that is applied several times is written several times; its weights, once.
  const shared = new Map<Layer, Map<string, string>>();
  for (const node of model.nodes) {
    if (names.has(node)) continue;
    const { layer } = node;
    const write = layerWriters.get(layer.constructor);
    if (write === undefined) {
      const rule = 'there are no ONNX operators for this kind of layer';
      throw new FoveaError('option', { where: layer.where, rule, remedy: 'Save the model as safetensors' });
    }
    const inputs = node.inputs.map((one) => names.get(one) as string);
    const weights = shared.get(layer) ?? new Map<string, string>();
    shared.set(layer, weights);
    names.set(node, await write(new LayerContext(graph, node, inputs, weights)));
  }
  for (const node of model.outputs) {
    const name = names.get(node) as string;
    const isLast = node.shape.length === 3 && layout === 'nhwc';
    const wanted = isLast ? `${name}/nhwc` : `${node.layer.name}/output`;
    // An output of its own name even where a layer does nothing, as dropout of an input would.
    const output = isLast
      ? graph.node('Transpose', wanted, [name], { perm: [0, 2, 3, 1] })
      : graph.node('Identity', wanted, [name]);
    graph.output(output, channelsFirst(node) ? firstChannels(node.shape) : node.shape);
  }
  return graph.pieces(model.name, metadata);
}

function firstChannels(shape: Shape): number[] {
  const [h, w, c] = shape as [number, number, number];
  return [c, h, w];
}
