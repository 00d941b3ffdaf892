import { makePlan, type Placement, type Plan, type PlanRequest } from '../../compile/plan.js';
import type { NumberArray } from '../../ops/definition.js';
import type { Graph, Value } from '../../ops/graph.js';
import { FoveaError } from '../../tensor/errors.js';
import { sizeOf } from '../../tensor/shape.js';
import type { TensorData } from '../../tensor/tensor.js';
import type { Variable, VariableStorage } from '../../tensor/variable.js';
import type { Engine, EngineDescription, Feeds, Program, RunResult } from '../engine.js';
import { checkFeeds } from '../feeds.js';
import { defineNode } from './interpret.js';

/**
 * Runs the definitions as they stand, in float32, on the calling thread, in the memory that the plan decided: slow, and
 * what every other engine is compared with.
 */
export class ReferenceEngine implements Engine {
  readonly description: EngineDescription = { name: 'reference', build: 'definitions', threads: 1 };

  plan(graph: Graph, request: PlanRequest = {}): Plan {
    return makePlan(graph, request);
  }

  async load(plan: Plan): Promise<Program> {
    const arena = allocateArena(plan.arenaBytes + plan.keptBytes);
    let last: Promise<unknown> = Promise.resolve();
    return {
      plan,
      run: (feeds) => {
        const result = last.then(() => this.#run(plan, arena, feeds));
        last = result.catch(() => undefined);
        return result;
      },
    };
  }

  async close(): Promise<void> {}

  async #run(plan: Plan, arena: ArrayBuffer, feeds: Feeds): Promise<RunResult> {
    checkFeeds(plan, feeds);
    const variables = new Map<Variable, Float32Array>();
    for (const variable of plan.variables) variables.set(variable, await this.#adopt(variable));
    const view = (placement: Placement, value: Value): TensorData => {
      if (placement.kind === 'variable') return variables.get(placement.variable) as Float32Array;
      const size = sizeOf(value.shape);
      const offset = placement.offset + (placement.kind === 'kept' ? plan.arenaBytes : 0);
      return value.dtype === 'int32' ? new Int32Array(arena, offset, size) : new Float32Array(arena, offset, size);
    };
    for (const [name, { value, placement }] of plan.inputs) view(placement, value).set(feeds[name] as TensorData);
    let complete = true;
    for (const [number, step] of plan.steps.entries()) {
      if (number === plan.firstUpdate && plan.guard !== undefined) {
        complete = Number.isFinite(view(plan.guard.placement, plan.guard.value)[0]);
        if (!complete) break;
      }
      const inputs = step.node.inputs.map((value, i) => view(step.inputs[i] as Placement, value));
      const outputs = step.node.outputs.map((value): NumberArray => {
        return value.dtype === 'int32' ? new Int32Array(sizeOf(value.shape)) : new Float32Array(sizeOf(value.shape));
      });
      defineNode(plan.graph, step.node, inputs, outputs);
      step.node.outputs.forEach((value, i) => {
        view(step.outputs[i] as Placement, value).set(outputs[i] as TensorData);
      });
    }
    const outputs: Record<string, TensorData> = {};
    for (const [name, { value, placement }] of plan.outputs) outputs[name] = view(placement, value).slice();
    return { outputs, complete };
  }

  async #adopt(variable: Variable): Promise<Float32Array> {
    const { storage } = variable;
    if (storage instanceof ArrayStorage && storage.owner === this) return storage.data;
    const own = new ArrayStorage(this, await storage.read());
    variable.storage = own;
    return own.data;
  }
}

/** A variable's numbers in a plain array that the engine works on directly. */
class ArrayStorage implements VariableStorage {
  readonly owner: object;
  readonly data: Float32Array;

  constructor(owner: object, data: Float32Array) {
    this.owner = owner;
    this.data = data;
  }

  async read(): Promise<Float32Array> {
    return this.data.slice();
  }

  async write(data: Float32Array): Promise<void> {
    this.data.set(data);
  }
}

function allocateArena(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new FoveaError('memory', {
      where: 'reference engine',
      rule: `the plan needs ${(bytes / 2 ** 20).toFixed(0)} MB for activations, which this machine does not give`,
      remedy: 'Use a smaller batch',
      cause,
    });
  }
}
