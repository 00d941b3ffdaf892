import type { Dataset } from '../../data/dataset.js';
import { csvCell } from '../../report/csvCell.js';
import type { FoveaError } from '../../tensor/errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { percent } from '../format.js';
import type { Output } from '../terminal.js';

export const FORMATS = ['text', 'csv', 'json'] as const;

/** Pictures with the name that results call them by. */
export interface ExampleSource {
  readonly name: string;
  readonly examples: Dataset;
  /** What each example is called, where it has a name of its own. */
  readonly names?: readonly string[];
  /** Examples that were asked for and could not be read. */
  readonly broken?: ReadonlyMap<number, FoveaError>;
}

interface Guess {
  readonly class: string;
  readonly probability: number;
}

/** Writes what a model makes of examples, one line for each. */
export class PredictionWriter {
  readonly #output: Output;
  readonly #format: (typeof FORMATS)[number];
  readonly #top: number;
  readonly #classNames: readonly string[] | undefined;
  #headed = false;

  constructor(
    output: Output,
    format: (typeof FORMATS)[number],
    top: number,
    classNames: readonly string[] | undefined,
  ) {
    this.#output = output;
    this.#format = format;
    this.#top = top;
    this.#classNames = classNames;
  }

  /** @param predictions [n, classes], of the examples from number `first` on. */
  write({ name, examples, names, broken }: ExampleSource, first: number, predictions: Tensor<'float32'>): void {
    const [n = 0, classes = 0] = predictions.shape;
    const lines: string[] = [];
    for (let i = 0; i < n; i++) {
      if (broken?.has(first + i)) continue;
      const row = predictions.data.subarray(i * classes, (i + 1) * classes);
      const label = examples.labels?.[first + i];
      const truth = label === undefined ? undefined : this.#className(label);
      lines.push(
        this.#line(names?.[first + i] ?? name, names === undefined ? first + i : undefined, this.#guesses(row), truth),
      );
    }
    const head = this.#headed ? '' : this.#head(examples.labels !== undefined, classes);
    this.#headed = true;
    this.#output.write(`${head}${lines.map((line) => `${line}\n`).join('')}`);
  }

  #guesses(row: Float32Array): Guess[] {
    const order = [...row.keys()].sort((a, b) => (row[b] as number) - (row[a] as number) || a - b);
    return order.slice(0, this.#top).map((c) => ({ class: this.#className(c), probability: row[c] as number }));
  }

  #className(index: number): string {
    return this.#classNames?.[index] ?? `${index}`;
  }

  #head(labelled: boolean, classes: number): string {
    if (this.#format !== 'csv') return '';
    const guesses = Array.from({ length: Math.min(this.#top, classes) }, (_, i) => {
      const suffix = i === 0 ? '' : `_${i + 1}`;
      return `class${suffix},probability${suffix}`;
    });
    return `source,example,${guesses.join(',')}${labelled ? ',truth' : ''}\n`;
  }

  #line(source: string, example: number | undefined, guesses: readonly Guess[], truth: string | undefined): string {
    if (this.#format === 'json') {
      const [best] = guesses;
      const more = this.#top > 1 ? { top: guesses } : {};
      return JSON.stringify({ source, example, ...best, ...more, ...(truth === undefined ? {} : { truth }) });
    }
    if (this.#format === 'csv') {
      const cells = guesses.flatMap((guess) => [csvCell(guess.class), `${guess.probability}`]);
      return [csvCell(source), example ?? 0, ...cells, ...(truth === undefined ? [] : [csvCell(truth)])].join(',');
    }
    const text = guesses.map((guess) => `${guess.class}  ${percent(guess.probability, 1).padStart(7)}`).join('   ');
    const wrong = truth === undefined || truth === guesses[0]?.class ? '' : `   (it is ${truth})`;
    const name = example === undefined ? source : `${source}[${example}]`;
    return `${name.padEnd(16)}  ${text}${wrong}`;
  }
}
