import { BaseDropout } from '../layers/baseDropout.js';
import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape, sameShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import type { CallbackState } from './callbacks/callback.js';
import { type CheckpointedRun, describeLayers } from './checkpoint.js';
import type { CheckpointFacts, ReadCheckpoint } from './checkpointFormat.js';
import { learningRateFromConfig } from './schedules/scheduleFromConfig.js';

const WHERE = 'resume';

/**
 * Puts a run into the state of a checkpoint: weights, optimizer, place, history, `trainable`, dropout rates. Everything is
 * checked before anything is changed. Callbacks get theirs from {@link restoreCallbacks}, after they have begun.
 *
 * @throws FoveaError `format` or `option` for a checkpoint of another model, optimizer, data set or seed.
 */
export async function restoreRun(run: CheckpointedRun, checkpoint: ReadCheckpoint): Promise<void> {
  const { model, optimizer, state, progress } = run;
  const { facts } = checkpoint;
  checkLayers(run, facts);
  checkOptimizer(run, facts);
  checkData(run, facts);
  const values: { readonly write: (data: Float32Array) => Promise<void>; readonly data: Float32Array }[] = [];
  for (const entry of model.weights) {
    const { path, weight } = entry;
    const { shape } = weight.variable;
    values.push({
      write: (data) => weight.variable.write(data),
      data: floats(checkpoint, `weights/${path}`, shape) ?? missing(`weights/${path}`),
    });
    const slots = optimizer.slots.map((slot) => floats(checkpoint, `optimizer/${slot}/${path}`, shape));
    if (slots.length > 0 && slots.every((slot) => slot !== undefined)) {
      for (const [i, data] of slots.entries()) {
        values.push({ write: async (slot) => state.slotsOf(entry, optimizer.slots)[i]?.write(slot), data });
      }
    }
    const average = floats(checkpoint, `average/${path}`, shape);
    if (average === undefined) continue;
    const write = async (data: Float32Array): Promise<void> => {
      await state.startAverage(entry);
      await state.averages.get(path)?.write(data);
    };
    values.push({ write, data: average });
  }
  for (const { write, data } of values) await write(data);
  for (const [i, layer] of model.layers.entries()) {
    const stored = facts.layers[i];
    if (stored === undefined) continue;
    layer.trainable = stored.trainable;
    if (layer instanceof BaseDropout && stored.rate !== null) layer.rate = stored.rate;
  }
  restoreRates(run, facts);
  state.step = facts.step;
  progress.epoch = facts.epoch;
  progress.stepInEpoch = facts.stepInEpoch;
  progress.lossSum = facts.lossSum;
  progress.lossCount = facts.lossCount;
  progress.learningRate = facts.learningRate;
  progress.history.epochs.splice(0, Number.POSITIVE_INFINITY, ...facts.history);
  // Who asks for more epochs than before wants the run to go on, whatever ended it.
  progress.stopReason = run.epochs > facts.epochs ? undefined : (facts.stopReason ?? undefined);
  for (const [i, { name }] of run.metrics.entries()) {
    const counts = facts.metrics.find((one) => one.name === name)?.counts;
    const counter = progress.counters[i];
    if (counter !== undefined && counts?.length === counter.counts.length) counter.counts.set(counts);
  }
}

/** Gives each callback what the one of its kind knew: the first of a kind the first state, and so on. */
export function restoreCallbacks(run: CheckpointedRun, { facts, tensors }: ReadCheckpoint): void {
  const left = facts.callbacks.map((state, i) => ({ ...state, i }));
  for (const callback of run.callbacks) {
    if (callback.getState === undefined) continue;
    const at = left.findIndex(({ type }) => type === (callback.type ?? 'callback'));
    const [state] = at === -1 ? [] : left.splice(at, 1);
    if (state === undefined) continue;
    const prefix = `callback/${state.i}/`;
    const own = [...tensors].filter(([name]) => name.startsWith(prefix));
    const restored: CallbackState = {
      values: state.values,
      tensors: Object.fromEntries(
        own.map(([name, { data, shape }]) => [name.slice(prefix.length), new Tensor(Float32Array.from(data), shape)]),
      ),
    };
    callback.setState?.(restored);
  }
}

/** A learning rate or weight decay that was changed on the way goes on as it was, unless another is asked for now. */
function restoreRates({ optimizer, initialOptimizer }: CheckpointedRun, facts: CheckpointFacts): void {
  const { initial, present } = facts.optimizer;
  const changed = (name: 'learningRate' | 'weightDecay' | 'learningRateMultipliers'): unknown => {
    const [before, now, asked] = [initial, present, initialOptimizer].map((config) =>
      JSON.stringify(option(config, name)),
    );
    return before === asked && now !== asked ? option(present, name) : undefined;
  };
  const learningRate = changed('learningRate');
  const weightDecay = changed('weightDecay');
  const multipliers = changed('learningRateMultipliers');
  if (learningRate !== undefined) optimizer.learningRate = learningRateFromConfig(learningRate);
  if (typeof weightDecay === 'number') optimizer.weightDecay = weightDecay;
  if (typeof multipliers === 'object' && multipliers !== null) {
    optimizer.learningRateMultipliers = multipliers as Readonly<Record<string, number>>;
  }
}

function option(config: object, name: string): unknown {
  return (config as { readonly options?: Readonly<Record<string, unknown>> }).options?.[name];
}

function checkLayers({ model }: CheckpointedRun, facts: CheckpointFacts): void {
  const own = describeLayers(model);
  const text = ({ name, type, config }: Pick<(typeof own)[number], 'name' | 'type' | 'config'>): string =>
    JSON.stringify([name, type, config]);
  const count = Math.max(own.length, facts.layers.length);
  for (let i = 0; i < count; i++) {
    const [here, there] = [own[i], facts.layers[i]];
    if (here !== undefined && there !== undefined && text(here) === text(there)) continue;
    const name = (layer: typeof here | typeof there): string =>
      layer === undefined ? 'none' : `${layer.type.slice(0, 100)} "${layer.name.slice(0, 100)}"`;
    throw new FoveaError('format', {
      where: WHERE,
      rule: `the checkpoint was made with another model: layer number ${i} differs`,
      received: `${name(there)} in the checkpoint, ${name(here)} in the model${name(here) === name(there) ? ', with other options' : ''}`,
      remedy: 'Build the model exactly as it was when the run began, or begin a new run',
      data: { layer: i },
    });
  }
}

function checkOptimizer({ optimizer }: CheckpointedRun, facts: CheckpointFacts): void {
  const stored = (facts.optimizer.present as { readonly type?: unknown }).type;
  if (stored === optimizer.type) return;
  throw new FoveaError('option', {
    where: WHERE,
    rule: 'a run goes on with the optimizer that it began with',
    received: `${String(stored).slice(0, 50)} in the checkpoint, ${optimizer.type} now`,
    remedy: 'Use the same optimizer, or begin a new run',
  });
}

function checkData(run: CheckpointedRun, facts: CheckpointFacts): void {
  const differs = (name: 'seed' | 'size' | 'batchSize' | 'shuffle'): void => {
    if (facts[name] === run[name]) return;
    throw new FoveaError('option', {
      where: WHERE,
      rule: `${name === 'size' ? 'the number of examples' : name} must be what it was`,
      received: `${facts[name]} in the checkpoint, ${run[name]} now`,
      remedy: name === 'seed' ? 'Leave the seed out: the one of the checkpoint is used' : 'Begin a new run otherwise',
      data: { option: name },
    });
  };
  differs('seed');
  // Between epochs nothing depends on how the examples were dealt out before.
  if (facts.stepInEpoch > 0) for (const name of ['size', 'batchSize', 'shuffle'] as const) differs(name);
}

function floats({ tensors }: ReadCheckpoint, name: string, shape: Shape): Float32Array | undefined {
  const stored = tensors.get(name);
  if (stored === undefined) return undefined;
  if (stored.data instanceof Float32Array && sameShape(stored.shape, shape)) return stored.data;
  throw new FoveaError('format', {
    where: WHERE,
    rule: `the checkpoint was made with another model: "${name}" must be float32 ${formatShape(shape)}`,
    received: `${stored.dtype} ${formatShape(stored.shape)}`,
    remedy: 'Build the model exactly as it was when the run began, or begin a new run',
    data: { name },
  });
}

function missing(name: string): never {
  throw new FoveaError('format', {
    where: WHERE,
    rule: `the checkpoint lacks "${name}"`,
    remedy: 'Use an earlier checkpoint',
    data: { name },
  });
}
