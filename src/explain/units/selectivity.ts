import { RandomStream } from '../../tensor/random.js';

/** A unit's maxima over photos, from the smallest to the largest, and the classes of the photos. */
export interface LabeledMaxima {
  readonly values: readonly number[];
  readonly labels: readonly number[];
  readonly classNames: readonly string[];
}

/** How well a unit's maximum tells one class from all others. */
export interface Selectivity {
  readonly label: number;
  readonly name: string;
  /** Chance that it is larger on a photo of the class than on another photo (area under the ROC curve). */
  readonly auc: number;
  /** 95 % interval of that, by 500 bootstrap samples of the photos. */
  readonly interval: readonly [low: number, high: number];
  /** Share of the class's photos on which it reaches half of its largest value, and of all other photos. */
  readonly fires: number;
  readonly firesElsewhere: number;
  /** Number of photos of the class. */
  readonly photos: number;
}

const SAMPLES = 500;

/** Classes that a unit prefers: those whose interval lies above one half, the most selective first. */
export function selectivities({ values, labels, classNames }: LabeledMaxima): Selectivity[] {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const half = (values.at(-1) ?? 0) / 2;
  const found: Selectivity[] = [];
  for (const [label, photos] of counts) {
    if (photos < 2 || photos > values.length - 2) continue;
    const own = labels.map((one) => one === label);
    const ones = new Float64Array(values.length).fill(1);
    const auc = areaUnderCurve(values, own, ones);
    if (auc <= 0.5) continue;
    const [low, high] = bootstrap(values, own, label);
    if (low <= 0.5) continue;
    const fire = (mine: boolean): number =>
      half <= 0 ? 0 : values.reduce((sum, value, i) => sum + Number(own[i] === mine && value >= half), 0);
    found.push({
      ...{ label, name: classNames[label] ?? `${label}`, auc, interval: [low, high], photos },
      fires: fire(true) / photos,
      firesElsewhere: fire(false) / (values.length - photos),
    });
  }
  return found.sort((a, b) => b.auc - a.auc || a.label - b.label);
}

/** Values must rise; equal ones count half. Each photo counts `weights` times. */
export function areaUnderCurve(values: readonly number[], own: readonly boolean[], weights: ArrayLike<number>): number {
  let [wins, mine, others] = [0, 0, 0];
  for (let start = 0; start < values.length; ) {
    let end = start;
    let [a, b] = [0, 0];
    for (; end < values.length && values[end] === values[start]; end++) {
      if (own[end]) a += weights[end] as number;
      else b += weights[end] as number;
    }
    wins += a * (others + b / 2);
    mine += a;
    others += b;
    start = end;
  }
  return mine === 0 || others === 0 ? 0.5 : wins / (mine * others);
}

function bootstrap(values: readonly number[], own: readonly boolean[], label: number): [number, number] {
  const random = new RandomStream(label, 'selectivity');
  const areas = new Float64Array(SAMPLES);
  const weights = new Float64Array(values.length);
  for (let sample = 0; sample < SAMPLES; sample++) {
    weights.fill(0);
    for (let i = 0; i < values.length; i++) {
      const drawn = Math.min(values.length - 1, Math.floor(random.uniform() * values.length));
      weights[drawn] = (weights[drawn] as number) + 1;
    }
    areas[sample] = areaUnderCurve(values, own, weights);
  }
  areas.sort();
  return [areas[Math.floor(0.025 * SAMPLES)] as number, areas[Math.ceil(0.975 * SAMPLES) - 1] as number];
}
