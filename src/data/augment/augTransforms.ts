import type { AugmentationConfig } from './augmentation.js';
import type { TransformConfig } from './transformConfig.js';

export interface AugTransformsOptions {
  /** Mirrors left and right in half of all draws: not for digits, letters, or classes that differ by side. @default true */
  readonly flip?: boolean;
  /** Mirrors top and bottom too: for pictures from above or through a microscope. @default false */
  readonly flipVertical?: boolean;
  /** Degrees to each side. @default 10 */
  readonly maxRotate?: number;
  /** Greatest enlargement. @default 1.1 */
  readonly maxZoom?: number;
  /** Greatest tilt. @default 0.2 */
  readonly maxWarp?: number;
  /** How far brightness and contrast go from 1. @default 0.2 */
  readonly maxLighting?: number;
  /** How likely each change of place and shape is. @default 0.75 */
  readonly pAffine?: number;
  /** How likely each change of light is. @default 0.75 */
  readonly pLighting?: number;
}

/**
 * A set that suits most photos, with the strengths of fastai's `aug_transforms`: mirrored, turned, enlarged about any point, tilted, and in
 * another light; what comes in from beyond the edge is the photo reflected.
 */
export function augTransforms(options: AugTransformsOptions = {}): AugmentationConfig {
  const {
    flip = true,
    flipVertical = false,
    maxRotate = 10,
    maxZoom = 1.1,
    maxWarp = 0.2,
    maxLighting = 0.2,
  } = options;
  const { pAffine = 0.75, pLighting = 0.75 } = options;
  const transforms: TransformConfig[] = [
    ...(flip ? [{ type: 'flipHorizontal' } as const] : []),
    ...(flipVertical ? [{ type: 'flipVertical' } as const] : []),
    ...(maxRotate > 0 ? [{ type: 'rotation', degrees: maxRotate, p: pAffine } as const] : []),
    ...(maxZoom > 1 ? [{ type: 'zoom', factor: [1, maxZoom], center: 'random', p: pAffine } as const] : []),
    ...(maxWarp > 0 ? [{ type: 'perspective', tilt: maxWarp, p: pAffine } as const] : []),
    ...(maxLighting > 0
      ? [
          { type: 'brightness', factor: maxLighting, p: pLighting } as const,
          { type: 'contrast', factor: maxLighting, p: pLighting } as const,
        ]
      : []),
  ];
  return { transforms };
}
