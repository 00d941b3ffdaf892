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

/** The configuration with one transform alone, at a share of its strength. */
export function onlyAt(config: AugmentationConfig, index: number, strength: number): AugmentationConfig | undefined {
  const transform = config.transforms[index];
  const scaled = transform === undefined ? undefined : scaledTransform(transform, strength);
  if (scaled === undefined) return undefined;
  const { mixup: _, cutMix: __, ...rest } = config;
  return { ...rest, transforms: [scaled] };
}
