import type { Engine } from '../engines/engine.js';
import type { Model } from '../model/model.js';
import { scalarFeeds } from '../model/scalarFeeds.js';
import { Graph, type Value } from '../ops/graph.js';
import { opTable } from '../ops/table.js';
import type { Tensor } from '../tensor/tensor.js';
import { Inspector } from './inspector.js';
import { layerModel } from './layerModel.js';

/** One layer computed again from what went into it. */
export interface Replay {
  readonly layer: string;
  /** The largest difference from what the whole network made, relative to the layer's largest value. */
  readonly difference: number;
}

/**
 * Checks what is shown of a network: each layer is computed again, by itself, from the stored output of the layers before it,
 * and compared with what it made within the whole network. x [n, ...inputShape]. A layer that is applied several times is left
 * out.
 */
export async function replayLayers(model: Model, engine: Engine, x: Tensor<'float32'>): Promise<Replay[]> {
  const applied = new Map<unknown, number>();
  for (const { layer } of model.nodes) applied.set(layer, (applied.get(layer) ?? 0) + 1);
  const once = (node: (typeof model.nodes)[number]): boolean => applied.get(node.layer) === 1;
  const nodes = model.nodes.filter((node) => node.inputs.length > 0 && once(node) && node.inputs.every(once));
  const inspector = new Inspector(model, engine);
  const replays: Replay[] = [];
  for (const node of nodes) {
    const places = [...node.inputs, node].map(({ layer, inputs }) =>
      inputs.length === 0 ? ('input' as const) : { layer: layer.name },
    );
    const values = await inspector.forward(x, places);
    const made = values.pop() as Tensor<'float32'>;
    const graph = new Graph(opTable);
    const inputs = values.map((value, i) => graph.input(`x${i}`, value.shape));
    const trace = layerModel(node).trace(graph, inputs, { training: false });
    graph.output('y', graph.emit('scale', [trace.outputs[0] as Value], { factor: 1, offset: 0 })[0]);
    const program = await engine.load(engine.plan(graph));
    const feeds = Object.fromEntries(values.map((value, i) => [`x${i}`, value.data]));
    const { outputs } = await program.run({ ...feeds, ...scalarFeeds(trace) });
    let [most, difference] = [0, 0];
    for (const [i, again] of (outputs.y as Float32Array).entries()) {
      const value = made.data[i] as number;
      most = Math.max(most, Math.abs(value));
      difference = Math.max(difference, Math.abs(value - again));
    }
    replays.push({ layer: node.layer.name, difference: most === 0 ? difference : difference / most });
  }
  return replays;
}
