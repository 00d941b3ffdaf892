import type { ModelWeight } from '../model/model.js';
import { Variable } from '../tensor/variable.js';

/** What a training run remembers besides the model's weights: the optimizer's slots and the averages of weights. */
export class TrainingState {
  /** Updates so far: the number of the next step. */
  step = 0;
  /** One variable per slot of the optimizer, by the path of the weight. */
  readonly slots = new Map<string, readonly Variable[]>();
  /** Moving averages of weights, by path. */
  readonly averages = new Map<string, Variable>();

  /** The slots of a weight; new ones are zero. */
  slotsOf({ path, weight }: ModelWeight, names: readonly string[]): readonly Variable[] {
    let slots = this.slots.get(path);
    if (slots === undefined) {
      slots = names.map((name) => new Variable(`optimizer/${name}/${path}`, weight.variable.shape));
      this.slots.set(path, slots);
    }
    return slots;
  }

  /** Begins to average a weight at its present values, unless it is averaged already. */
  async startAverage({ path, weight }: ModelWeight): Promise<void> {
    if (this.averages.has(path)) return;
    const { variable } = weight;
    this.averages.set(path, new Variable(`average/${path}`, variable.shape, await variable.read()));
  }

  /** Runs `body` with the averages in the place of the weights, which come back afterwards. */
  async withAverages<T>(weights: readonly ModelWeight[], body: () => Promise<T>): Promise<T> {
    const kept: { readonly variable: Variable; readonly data: Float32Array }[] = [];
    try {
      for (const { path, weight } of weights) {
        const average = this.averages.get(path);
        if (average === undefined) continue;
        kept.push({ variable: weight.variable, data: await weight.variable.read() });
        await weight.variable.write(await average.read());
      }
      return await body();
    } finally {
      for (const { variable, data } of kept) await variable.write(data);
    }
  }
}
