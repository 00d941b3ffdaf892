import { type Augmentation, type AugmentationConfig, augmentation } from '../../data/augment/augmentation.js';
import { changedDataset } from '../../data/augment/augmented.js';
import type { StepFacts } from '../../data/augment/steps.js';
import { onlyAt } from '../../data/augment/strength.js';
import { copiedPixels } from '../../data/changedPicture.js';
import type { Dataset } from '../../data/dataset.js';
import type { Picture } from '../../data/picture.js';
import type { JsonObject } from '../../layers/json.js';
import type { SweepRow } from '../../pages/augment/augmentSheet.js';
import { type AugmentVariant, isFlipped } from '../../pages/augment/variantFigure.js';
import { Tensor } from '../../tensor/tensor.js';
import { largest } from '../../train/metrics/decide.js';
import type { Predictor } from '../../train/predict.js';

/** A variant with the numbers that a network is fed. */
export interface FedVariant extends AugmentVariant {
  readonly x: Float32Array;
}

/** What the data set gives in these epochs, by the way that training takes, with what was drawn. */
export async function fedVariants(
  data: Dataset,
  at: number,
  how: Augmentation,
  key: { readonly seed: number; readonly index: number },
  epochs: readonly (number | undefined)[],
): Promise<FedVariant[]> {
  let last: { picture: Picture; white: number; steps: readonly StepFacts[] } | undefined;
  const watched = changedDataset(data, (picture, _, epoch) => {
    const drawn = epoch === undefined ? undefined : how.draw(picture, { ...key, epoch });
    const changed = drawn?.apply(picture) ?? picture;
    const bytes = picture.data instanceof Uint8Array;
    last = {
      picture: { ...changed, data: copiedPixels(changed.data) },
      white: bytes ? 255 : 1,
      steps: drawn?.steps ?? [],
    };
    return how.standardize?.(changed) ?? changed;
  });
  const all: FedVariant[] = [];
  for (const epoch of epochs) {
    const { x } = await watched.batch(Uint32Array.of(at), epoch);
    if (last !== undefined) all.push({ ...last, x: x.data });
  }
  return all;
}

/** What a model says of a variant. */
export interface PredictedVariant extends AugmentVariant {
  /** The likeliest class. */
  readonly best: number;
  readonly probabilities: Float32Array;
}

export async function withPrediction(
  variant: FedVariant,
  predictor: Predictor,
  { inputShape }: Dataset,
  classNames: readonly string[] | undefined,
): Promise<PredictedVariant> {
  const { data } = await predictor.predict(new Tensor<'float32'>(variant.x, [1, ...inputShape]));
  const best = largest(data, 0, data.length);
  const prediction = { className: classNames?.[best] ?? `class ${best}`, probability: data[best] as number };
  return { ...variant, prediction, best, probabilities: data };
}

/** Shares of the strength that is configured. */
export const STRENGTHS = [0.5, 1, 1.5, 2, 3];
/** Draws at each strength. */
const SWEPT = 10;

/** Each transform alone, at several strengths: how sure the model stays of what it says of the picture as it is. */
export async function sweepStrengths(
  config: JsonObject,
  original: PredictedVariant,
  draw: (how: Augmentation, epochs: readonly number[]) => Promise<FedVariant[]>,
  predicted: (variant: FedVariant) => Promise<PredictedVariant>,
): Promise<SweepRow[]> {
  if (config.type !== 'transforms') return [];
  const { type: _, ...rest } = config;
  const whole = rest as unknown as AugmentationConfig;
  const rows: SweepRow[] = [];
  for (const [i, { type }] of whole.transforms.entries()) {
    const points: { strength: number; probability: number; flipped: number }[] = [];
    for (const strength of STRENGTHS) {
      const alone = onlyAt(whole, i, strength);
      if (alone === undefined) break;
      const drawn = await draw(
        augmentation(alone.config),
        Array.from({ length: SWEPT }, (_unused, epoch) => epoch),
      );
      const said: PredictedVariant[] = [];
      for (const one of drawn) said.push(await predicted(one));
      const sure = said.map(({ probabilities }) => probabilities[original.best] as number).sort((a, b) => a - b);
      const probability = ((sure[SWEPT / 2 - 1] ?? 0) + (sure[SWEPT / 2] ?? 0)) / 2;
      points.push({ strength, probability, flipped: said.filter((one) => isFlipped(one, original)).length / SWEPT });
    }
    if (points.length > 0) rows.push({ transform: type, points });
  }
  return rows;
}
