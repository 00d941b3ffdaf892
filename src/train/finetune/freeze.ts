import { BatchNormalization } from '../../layers/batchNormalization.js';
import { Dense } from '../../layers/dense.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';

export interface UnfreezeOptions {
  /**
   * 'frozen' leaves batch normalizations as they are, in inference mode: their statistics come from far more photos than a
   * few batches hold. @default 'learns'
   */
  readonly batchNormalization?: 'learns' | 'frozen';
}

/** No layer learns any more, from the next step on; batch normalizations are in inference mode then. */
export function freeze(model: Model): void {
  model.trainable = false;
}

/**
 * The named layer and all that run after it learn, those before it do not, from the next step on.
 *
 * @param nameOrIndex as `Model.layer` takes it: −1 is the last layer.
 * @throws FoveaError `name` where there is no such layer.
 */
export function unfreezeFrom(model: Model, nameOrIndex: string | number, options: UnfreezeOptions = {}): void {
  const first = model.layers.indexOf(model.layer(nameOrIndex));
  for (const [i, layer] of model.layers.entries()) {
    const kept = options.batchNormalization === 'frozen' && layer instanceof BatchNormalization;
    layer.trainable = i >= first && !kept;
  }
}

/**
 * The dense layers learn and all below them do not: for photos that differ from those that the network was trained on.
 *
 * @throws FoveaError `option` where the model has no dense layer.
 */
export function unfreezeDense(model: Model, options: UnfreezeOptions = {}): void {
  const first = model.layers.findIndex((layer) => layer instanceof Dense);
  if (first === -1) {
    throw new FoveaError('option', { where: `model "${model.name}"`, rule: 'it has no dense layer' });
  }
  unfreezeFrom(model, first, options);
}
