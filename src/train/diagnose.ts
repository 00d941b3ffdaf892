import type { Engine, Feeds } from '../engines/engine.js';
import type { TensorSpec } from '../tensor/shape.js';
import { type TrainingSetup, traceGradients } from './trainingGraph.js';

/** Where numbers stopped being finite. */
export interface NotFinite {
  readonly what: 'weights' | 'output' | 'loss' | 'gradient';
  /** Name of the layer; undefined for the loss. */
  readonly layer: string | undefined;
  /** As a sentence part: `the output of conv2d "conv2d_1" (12 of 512 numbers)`. */
  readonly description: string;
}

/**
 * Runs forward and backward pass of a failed step again, with the same numbers and the same random draws, and looks for
 * the first layer whose weights or output are not finite, then at the loss, then for the last layer whose gradient is not.
 */
export async function findNotFinite(
  setup: TrainingSetup,
  engine: Engine,
  n: number,
  given: TensorSpec,
  feeds: Feeds,
): Promise<NotFinite> {
  const { graph, loss, learned } = traceGradients(setup, n, given, true);
  graph.output('loss', loss);
  for (const { entry, dw } of learned) graph.output(`gradient/${entry.path}`, dw);
  const program = await engine.load(engine.plan(graph));
  const own = Object.entries(feeds).filter(([name]) => graph.inputs.has(name));
  const { outputs } = await program.run(Object.fromEntries(own));

  for (const layer of setup.model.layers) {
    for (const { name, variable } of layer.weights) {
      const bad = countNotFinite(await variable.read());
      if (bad > 0)
        return {
          what: 'weights',
          layer: layer.name,
          description: `the weight "${name}" of ${layer.where}${share(bad, variable.size)}`,
        };
    }
    const output = outputs[`layer/${layer.name}`];
    const bad = countNotFinite(output ?? []);
    if (bad > 0)
      return {
        what: 'output',
        layer: layer.name,
        description: `the output of ${layer.where}${share(bad, output?.length)}`,
      };
  }
  if (!Number.isFinite(outputs.loss?.[0])) {
    return {
      what: 'loss',
      layer: undefined,
      description: 'the loss itself, while the outputs of all layers are finite',
    };
  }
  for (const { entry } of [...learned].reverse()) {
    const gradient = outputs[`gradient/${entry.path}`];
    const bad = countNotFinite(gradient ?? []);
    const description = `the gradient of the weight "${entry.weight.name}" of ${entry.layer.where}${share(bad, gradient?.length)}`;
    if (bad > 0) return { what: 'gradient', layer: entry.layer.name, description };
  }
  const description = 'the sum of all squared gradients, which exceeds what float32 can hold';
  return { what: 'gradient', layer: undefined, description };
}

function countNotFinite(values: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) count++;
  return count;
}

function share(bad: number, size = 0): string {
  return ` (${bad} of ${size} numbers)`;
}
