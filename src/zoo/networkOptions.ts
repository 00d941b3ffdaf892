import * as v from 'valibot';
import { type Entries, type EntriesOf, flag, type Parsed, parseOptions, shape, whole } from '../layers/options.js';
import type { Shape } from '../tensor/shape.js';

/** What every network of the zoo can be adapted to. */
export interface NetworkOptions {
  /** Shape of one picture, [h, w, c]. @default the size that the network was published for */
  readonly inputShape?: Shape;
  /** @default 1000, those of ImageNet; 10 for the networks for CIFAR-10 */
  readonly classes?: number;
  /** False leaves the classifier out: the network ends with its last feature maps [h, w, c]. @default true */
  readonly includeTop?: boolean;
  /** Keys the first weights. @default 0 */
  readonly seed?: number;
}

/** Networks with batch normalization. */
export interface BatchNormalizedOptions extends NetworkOptions {
  /** ε of every batch normalization: it belongs to the weights. @default as published */
  readonly epsilon?: number;
}

/** What differs from network to network. */
export interface NetworkDefaults {
  readonly inputShape: Shape;
  readonly classes: number;
}

export const IMAGENET: NetworkDefaults = { inputShape: [224, 224, 3], classes: 1000 };

function commonEntries({ inputShape, classes }: NetworkDefaults) {
  return {
    inputShape: v.optional(shape(), inputShape as number[]),
    classes: v.optional(whole(), classes),
    includeTop: v.optional(flag(), true),
    seed: v.optional(whole(0), 0),
  } satisfies EntriesOf<NetworkOptions>;
}

/**
 * A network's options with their defaults filled in.
 *
 * @param extra schemas of the options that only this network has.
 * @throws FoveaError `option` for an unknown option or one out of range.
 */
export function networkOptions<E extends Entries>(
  network: string,
  options: unknown,
  defaults: NetworkDefaults,
  extra: E,
): Parsed<ReturnType<typeof commonEntries> & E> {
  return parseOptions(network, { ...commonEntries(defaults), ...extra }, options);
}
