import type { AugmentationConfig } from './augmentation.js';
import type { TransformConfig } from './transformConfig.js';
import { transformTable } from './transforms.js';

/** The number that changes nothing, and how far an option may go from it. */
const NEUTRAL: Readonly<Record<string, { readonly at: number; readonly low: number; readonly high: number }>> = {
  degrees: { at: 0, low: -180, high: 180 },
  x: { at: 0, low: -60, high: 60 },
  y: { at: 0, low: -60, high: 60 },
  factor: { at: 1, low: 0.1, high: 8 },
  tilt: { at: 0, low: -0.9, high: 0.9 },
  sigma: { at: 0, low: 0, high: 20 },
};

/**
 * A transform at a share of its strength, always done: its ranges spread or shrunk about what changes nothing. Undefined for
 * those that have no strength, such as flips.
 */
function scaledTransform(config: TransformConfig, strength: number): TransformConfig | undefined {
  const { specs } = transformTable[config.type];
  const given = config as unknown as Readonly<Record<string, unknown>>;
  const scaled: Record<string, unknown> = {};
  for (const [name, neutral] of Object.entries(NEUTRAL)) {
    const spec = specs[name];
    if (spec === undefined) continue;
    const limit = config.type === 'shift' ? { at: 0, low: -1, high: 1 } : neutral;
    const [low, high] = spec.read(given[name], config.type) as readonly [number, number];
    const move = (end: number): number =>
      Math.min(limit.high, Math.max(limit.low, limit.at + (end - limit.at) * strength));
    scaled[name] = [move(low), move(high)];
  }
  if (Object.keys(scaled).length === 0) return undefined;
  return { ...config, ...scaled, p: 1 } as TransformConfig;
}

/** One transform at a share of its strength. */
export interface AtStrength {
  /** The configuration with that transform alone. */
  readonly config: AugmentationConfig;
  /** What is drawn from, in the transform's units: `degrees −20 to 20`; empty for one without strength. */
  readonly range: string;
}

/** The configuration with one transform alone, always done, at a share of its strength; undefined where it has no strength. */
export function onlyAt(config: AugmentationConfig, index: number, strength: number): AtStrength | undefined {
  const transform = config.transforms[index];
  const scaled = transform === undefined ? undefined : scaledTransform(transform, strength);
  return scaled === undefined ? undefined : { config: alone(config, scaled), range: rangeText(scaled) };
}

/** The configuration with one transform alone, always done, as it is configured. */
export function onlyThis(config: AugmentationConfig, index: number): AugmentationConfig {
  return alone(config, { ...config.transforms[index], p: 1 } as TransformConfig);
}

function alone({ mixup: _, cutMix: __, ...rest }: AugmentationConfig, transform: TransformConfig): AugmentationConfig {
  return { ...rest, transforms: [transform] };
}

function rangeText(transform: TransformConfig): string {
  const given = transform as unknown as Readonly<Record<string, readonly [number, number]>>;
  const number = (value: number): string => `${Number(value.toPrecision(3))}`.replace('-', '−');
  return Object.entries(NEUTRAL)
    .flatMap(([name, { at }]) => {
      const [low, high] = given[name] ?? [at, at];
      return low === at && high === at ? [] : [`${name} ${number(low)} to ${number(high)}`];
    })
    .join(', ');
}
