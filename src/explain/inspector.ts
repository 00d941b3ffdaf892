import { differentiate } from '../compile/differentiate.js';
import type { Engine, Program } from '../engines/engine.js';
import type { Model } from '../model/model.js';
import { scalarFeeds } from '../model/scalarFeeds.js';
import { singlePorts } from '../model/singlePorts.js';
import { Graph, type Value } from '../ops/graph.js';
import { opTable } from '../ops/table.js';
import { checkFinite } from '../tensor/checkFinite.js';
import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape, sameShape, sizeOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { isAffine } from './affine.js';
import { type Place, placeKey, placeText, type ScoreActivation, scoresOf, type TracedModel, valueAt } from './place.js';
import { type ReverseRule, reverseRules } from './reverseRules.js';
import { readScores, type Scores } from './scores.js';
import { isFixed, placeOf, type ResolvedTarget, rowsOf, type Seed, seedOf, type Target } from './target.js';

/** Bytes of prepared weights that a plan may keep: of a large network each question would keep them all again. */
const MOST_KEPT = 2 ** 26;
/** Plans that are kept; each holds memory of the engine. */
const MOST_PROGRAMS = 12;

export interface BackwardOptions {
  /** @default the margin: the likeliest class rather than the next */
  readonly target?: Target;
  /** Where the signal is read. @default ['input'] */
  readonly to?: readonly Place[];
  /** @default 'gradient' */
  readonly rule?: ReverseRule;
  /** Places whose values are wanted too. @default none */
  readonly values?: readonly Place[];
}

/** A signal that went back through a network. */
export interface Backward {
  /** The target of each example. */
  readonly targets: readonly ResolvedTarget[];
  /** Its value, for each example. */
  readonly values: Float64Array;
  /** What arrived at each place of `to`: [n, ...shape of the place]. */
  readonly signals: readonly Tensor<'float32'>[];
  /** What the places of `values` held. */
  readonly activations: readonly Tensor<'float32'>[];
}

interface Loaded {
  readonly traced: TracedModel;
  readonly program: Program;
}

/**
 * Reads what happens inside a model, in inference mode, on any engine: values at any place, and signals from any unit or score
 * back to any place below it. Plans are made once for each kind of question and size of batch; weights are read at each run,
 * whether they learn or not.
 *
 * @throws FoveaError `option` for a model with several inputs or outputs.
 */
export class Inspector {
  readonly model: Model;
  readonly engine: Engine;
  readonly #programs = new Map<string, Loaded>();
  #described: { readonly revision: number; readonly traced: TracedModel } | undefined;

  constructor(model: Model, engine: Engine) {
    singlePorts(model);
    this.model = model;
    this.engine = engine;
  }

  /** Shape at a place for one example, without the batch axis. @throws FoveaError `name` for an unknown layer. */
  shapeAt(place: Place): Shape {
    return valueAt(this.#describe(), place).shape.slice(1);
  }

  /** What the model does with its class scores at the end. @throws FoveaError `shape` where it has no scores of classes. */
  get scoreActivation(): ScoreActivation {
    return scoresOf(this.#describe()).activation;
  }

  /** Number of classes; a single sigmoid output counts as two. @throws FoveaError `shape` where there are none. */
  get classes(): number {
    const width = sizeOf(this.shapeAt('logits'));
    return width === 1 ? 2 : width;
  }

  /**
   * Values at places: x [n, ...inputShape] → one [n, ...shape] for each.
   *
   * @throws FoveaError `shape` where x does not fit the model, `data` where it is not finite, `name` for an unknown layer.
   */
  async forward(x: Tensor<'float32'>, places: readonly Place[]): Promise<Tensor<'float32'>[]> {
    const n = this.#check(x);
    const { traced, program } = await this.#load(['forward', n, ...places.map(placeKey)], n, (made) => {
      for (const [i, place] of places.entries()) made.graph.output(`${i}`, readable(valueAt(made, place)));
    });
    const { outputs } = await program.run({ x: x.data, ...scalarFeeds(traced.trace) });
    return places.map((place, i) => new Tensor(outputs[i] as Float32Array, [n, ...this.shapeAt(place)]));
  }

  /** Logits, probabilities and order of the classes, for each example. */
  async scores(x: Tensor<'float32'>): Promise<Scores[]> {
    const [logits] = await this.forward(x, ['logits']);
    return rowsOf(logits as Tensor<'float32'>).map((row) => readScores(row, this.scoreActivation));
  }

  /** The value of a target for each example; nothing goes back. */
  async targetValues(x: Tensor<'float32'>, target: Target): Promise<Float64Array> {
    const from = placeOf(target);
    const shape = this.shapeAt(from);
    const activation = target.kind === 'unit' ? 'none' : this.scoreActivation;
    const [values] = await this.forward(x, [from]);
    const rows = rowsOf(values as Tensor<'float32'>);
    return Float64Array.from(rows, (row) => seedOf(target, row, shape, activation).value);
  }

  /** Whether everything between two places is affine: what is at `to` is then a weighted sum of what is at `from`, and a bias. */
  isAffine(from: Place, to: Place): boolean {
    const traced = this.#describe();
    return isAffine(traced.graph, valueAt(traced, from), valueAt(traced, to));
  }

  /**
   * The signal of a target at places below it: for the rule 'gradient' its derivative by what is there. The model's weights
   * stay as they are, and frozen layers pass the signal on.
   *
   * @throws FoveaError `gradient` where the rule says nothing of an op on the way, or a place has no part in the target;
   * `option` for a unit or class that does not exist.
   */
  async backward(x: Tensor<'float32'>, options: BackwardOptions = {}): Promise<Backward> {
    const { target = { kind: 'margin' }, to = ['input'], rule = 'gradient', values: wanted = [] } = options;
    const n = this.#check(x);
    const from = placeOf(target);
    const activation = target.kind === 'unit' ? 'none' : this.scoreActivation;
    const shape = this.shapeAt(from);
    const seedAll = (values: Tensor<'float32'> | undefined): Seed[] =>
      (values === undefined ? Array.from({ length: n }, () => undefined) : rowsOf(values)).map((row) =>
        seedOf(target, row, shape, activation),
      );
    const seeds = seedAll(isFixed(target) ? undefined : (await this.forward(x, [from]))[0]);
    const width = sizeOf(shape);
    const seed = new Float32Array(n * width);
    for (const [i, { gradient }] of seeds.entries()) seed.set(gradient, i * width);
    const { signals, activations, values } = await this.propagate(x, from, seed, { to, rule, values: wanted });
    const known = isFixed(target) ? seedAll(values) : seeds;
    const targets = known.map(({ resolved }) => resolved);
    return { targets, values: Float64Array.from(known, ({ value }) => value), signals, activations };
  }

  /**
   * Sends a given signal [n, ...shape of `from`] back from one place to others: what {@link backward} does with the signal of
   * a target. `values` is what was at `from`.
   */
  async propagate(
    x: Tensor<'float32'>,
    from: Place,
    signal: Float32Array,
    { to = ['input'], rule = 'gradient', values = [] }: Omit<BackwardOptions, 'target'> = {},
  ) {
    const n = this.#check(x);
    const key = ['backward', n, rule, placeKey(from), ...to.map(placeKey), 'values', ...values.map(placeKey)];
    const { traced, program } = await this.#load(key, n, (made) => emitBackward(made, from, to, rule, values));
    const { outputs } = await program.run({ x: x.data, seed: signal, ...scalarFeeds(traced.trace) });
    const tensorAt = (name: string, place: Place): Tensor<'float32'> =>
      new Tensor(outputs[name] as Float32Array, [n, ...this.shapeAt(place)]);
    return {
      values: tensorAt('from', from),
      signals: to.map((place, i) => tensorAt(`to/${i}`, place)),
      activations: values.map((place, i) => tensorAt(`at/${i}`, place)),
    };
  }

  /** A trace to ask for shapes. */
  #describe(): TracedModel {
    const { revision } = this.model;
    if (this.#described?.revision !== revision) {
      this.#described = { revision, traced: traceModel(this.model, 1) };
    }
    return this.#described.traced;
  }

  async #load(parts: readonly unknown[], n: number, build: (traced: TracedModel) => void): Promise<Loaded> {
    const key = JSON.stringify([this.model.revision, ...parts]);
    let loaded = this.#programs.get(key);
    if (loaded === undefined) {
      const traced = traceModel(this.model, n);
      build(traced);
      const plan = this.engine.plan(traced.graph);
      const fits = plan.keptBytes <= MOST_KEPT;
      const program = await this.engine.load(fits ? plan : this.engine.plan(traced.graph, { keep: false }));
      loaded = { traced, program };
      const oldest = this.#programs.keys().next().value;
      if (this.#programs.size >= MOST_PROGRAMS && oldest !== undefined) this.#programs.delete(oldest);
    } else {
      this.#programs.delete(key);
    }
    this.#programs.set(key, loaded);
    return loaded;
  }

  #check(x: Tensor<'float32'>): number {
    const { inputShape } = singlePorts(this.model);
    const n = x.shape[0] ?? 0;
    if (n === 0 || !sameShape(x.shape.slice(1), inputShape) || !(x.data instanceof Float32Array)) {
      throw new FoveaError('shape', {
        where: `inspector of model "${this.model.name}"`,
        rule: `it takes float32 examples ${formatShape([null, ...inputShape])}, at least one`,
        received: `${x.dtype} ${formatShape(x.shape)}`,
      });
    }
    checkFinite('inputs', x.data, n);
    return n;
  }
}

function traceModel(model: Model, n: number): TracedModel {
  const graph = new Graph(opTable);
  const x = graph.input('x', [n, ...singlePorts(model).inputShape]);
  return { model, graph, x, trace: model.trace(graph, [x], { training: false }) };
}

function emitBackward(
  traced: TracedModel,
  from: Place,
  to: readonly Place[],
  rule: ReverseRule,
  wanted: readonly Place[],
): void {
  const { graph } = traced;
  const y = valueAt(traced, from);
  const places = to.map((place) => valueAt(traced, place));
  graph.output('from', readable(y));
  for (const [i, place] of wanted.entries()) graph.output(`at/${i}`, readable(valueAt(traced, place)));
  const signals = differentiate(graph, y, places, {
    seed: graph.input('seed', y.shape),
    rules: reverseRules(rule),
  });
  for (const [i, signal] of signals.entries()) {
    const place = to[i] as Place;
    if (signal === undefined) {
      throw new FoveaError('gradient', {
        where: placeText(place),
        rule: `${placeText(from)} does not depend on it`,
        remedy: 'Name a layer that lies below the target',
        data: { from, to: place },
      });
    }
    graph.output(`to/${i}`, readable(signal));
  }
}

/** A value that the engine computes, for one that is given to it: outputs are copies. */
function readable(value: Value): Value {
  if (value.source.kind === 'node') return value;
  return value.graph.emit('scale', [value], { factor: 1, offset: 0 })[0];
}
