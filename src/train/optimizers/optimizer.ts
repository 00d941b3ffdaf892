import * as v from 'valibot';
import type { JsonObject } from '../../layers/json.js';
import { parseOptions, real } from '../../layers/options.js';
import type { Graph, Value } from '../../ops/graph.js';
import { FoveaError } from '../../tensor/errors.js';
import type { LearningRate } from '../schedules/schedule.js';
import { learningRateToConfig } from '../schedules/scheduleFromConfig.js';

/** Options that every optimizer takes. */
export interface OptimizerOptions {
  /** A number, a schedule, or a function of the step. May be changed while training: the next step uses it. */
  readonly learningRate?: LearningRate;
  /** Before its update each weight shrinks by this share of itself, times the learning rate (decoupled). @default 0 */
  readonly weightDecay?: number;
  /**
   * Factors of the learning rate by the name of a layer; 1 for layers that are not named. Lower layers of a trained network
   * learn with lower rates ("discriminative", Howard and Ruder, 2018); `layerGroups` and `spreadRates` make such factors.
   */
  readonly learningRateMultipliers?: Readonly<Record<string, number>>;
  /** Weights whose path (`conv2d/bias`) contains one of these texts do not shrink. @default [] */
  readonly excludeFromWeightDecay?: readonly string[];
  /** All gradients are scaled down together so that their common L2 norm is at most this. */
  readonly clipNorm?: number;
  /** Every number of a gradient is kept between −clipValue and clipValue. */
  readonly clipValue?: number;
}

/** The values that an update is made of. */
export interface UpdateCall {
  readonly graph: Graph;
  readonly w: Value;
  readonly dw: Value;
  /** [4]: learning rate, weight decay, and the two corrections of {@link Optimizer.corrections}. */
  readonly hyper: Value;
  /** [1]: the gradient is multiplied by it. */
  readonly gradientScale: Value;
  /** The optimizer's memory of this weight, one value per slot, each of the weight's shape. */
  readonly slots: readonly Value[];
}

/** How a kind of optimizer differs from the others. */
export interface UpdateRule {
  readonly type: string;
  /** What the optimizer remembers of each weight; all start at zero. */
  readonly slots: readonly string[];
  /** Its own options, with defaults filled in. */
  readonly options: JsonObject;
  /** The new weight, then the new slots. */
  readonly update: (call: UpdateCall) => Value[];
  /** Two numbers that depend on the count of updates t = 1, 2 … */
  readonly corrections?: (t: number) => readonly [number, number];
}

const commonEntries = {
  weightDecay: v.optional(real(0), 0),
  learningRateMultipliers: v.optional(v.record(v.string(), real(0), 'must be an object of numbers')),
  excludeFromWeightDecay: v.optional(v.array(v.string(), 'must be a list of texts'), []),
  clipNorm: v.optional(real(Number.MIN_VALUE)),
  clipValue: v.optional(real(Number.MIN_VALUE)),
};

/** Names of the options that every optimizer takes. */
const commonNames: readonly string[] = ['learningRate', ...Object.keys(commonEntries)];

/** Parts options into those that all optimizers take and those of one kind. */
export function ownOptions<O extends OptimizerOptions>(options: O): Omit<O, keyof OptimizerOptions> {
  const own = Object.entries(options).filter(([name]) => !commonNames.includes(name));
  return Object.fromEntries(own) as Omit<O, keyof OptimizerOptions>;
}

/** How weights follow their gradients. A description: what it remembers of each weight is kept by the training run. */
export class Optimizer {
  readonly type: string;
  /** Read at every step: a change takes effect on the next one. */
  learningRate: LearningRate;
  /** Read at every step. */
  weightDecay: number;
  /** Factors of the learning rate by the name of a layer; read at every step. */
  learningRateMultipliers: Readonly<Record<string, number>> | undefined;
  readonly excludeFromWeightDecay: readonly string[];
  readonly clipNorm: number | undefined;
  readonly clipValue: number | undefined;
  readonly slots: readonly string[];
  readonly #rule: UpdateRule;

  constructor(rule: UpdateRule, defaultLearningRate: number, options: OptimizerOptions) {
    const where = `optimizer "${rule.type}"`;
    const common = Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(commonEntries, name)));
    const parsed = parseOptions(where, commonEntries, common);
    if (parsed.clipNorm !== undefined && parsed.clipValue !== undefined) {
      throw new FoveaError('option', { where, rule: 'give either clipNorm or clipValue', received: 'both' });
    }
    this.type = rule.type;
    this.learningRate = options.learningRate ?? defaultLearningRate;
    this.weightDecay = parsed.weightDecay;
    this.learningRateMultipliers = parsed.learningRateMultipliers;
    this.excludeFromWeightDecay = parsed.excludeFromWeightDecay;
    this.clipNorm = parsed.clipNorm;
    this.clipValue = parsed.clipValue;
    this.slots = rule.slots;
    this.#rule = rule;
  }

  /** Emits one weight's update: the new weight, then its new slots. */
  update(call: UpdateCall): Value[] {
    return this.#rule.update(call);
  }

  /** The two numbers of update number t = 1, 2 … that Adam corrects its moments with; 1 for the others. */
  corrections(t: number): readonly [number, number] {
    return this.#rule.corrections?.(t) ?? [1, 1];
  }

  /** Whether a weight with this path shrinks by the weight decay. */
  decays(path: string): boolean {
    return !this.excludeFromWeightDecay.some((part) => path.includes(part));
  }

  /** Type and options as JSON, from which `optimizerFrom` makes it again. */
  toConfig(): JsonObject {
    const { weightDecay, learningRateMultipliers, excludeFromWeightDecay, clipNorm, clipValue } = this;
    return {
      type: this.type,
      options: {
        learningRate: learningRateToConfig(this.learningRate),
        weightDecay,
        ...(learningRateMultipliers === undefined ? {} : { learningRateMultipliers }),
        ...(excludeFromWeightDecay.length === 0 ? {} : { excludeFromWeightDecay }),
        ...(clipNorm === undefined ? {} : { clipNorm }),
        ...(clipValue === undefined ? {} : { clipValue }),
        ...this.#rule.options,
      },
    };
  }
}
