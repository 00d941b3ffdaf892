import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectStored } from '../../draw/testing/storedPicture.js';
import type { LayerActivations } from '../../explain/units/channelStatistics.js';
import { paintActivations, paintProjections, paintUnit } from './inspectPictures.js';
import type { CutPatch, UnitProjection } from './inspectUnits.js';

const folder = join(import.meta.dirname, 'testing');
const SIDE = 24;

/** A slope of color with a bar that stands further right in each patch. */
function patch(i: number): CutPatch {
  const pixels = new Uint8Array(SIDE * SIDE * 3);
  for (let p = 0; p < SIDE * SIDE; p++) {
    const [y, x] = [Math.floor(p / SIDE), p % SIDE];
    pixels.set(Math.abs(x - 4 - 4 * i) < 2 ? [250, 230, 60] : [40 + 6 * y, 90, 200 - 6 * x], p * 3);
  }
  return {
    ...{ photo: i, name: `${i}.jpg`, value: 4.5 - i, y: 1, x: 2, pixels },
    ...{
      again: 4.5 - i,
      stale: i === 2,
      cut: { region: { top: 0, left: 0, height: SIDE, width: SIDE }, by: 'gradient' },
    },
  };
}

const patches = [0, 1, 2].map(patch);
const unit = { patches, weaker: [{ quantile: 0.5, patch: patch(4) }] };

/** Positive where the bar is, in red alone, and negative beside it in blue alone. */
const projected = (rule: UnitProjection['rule'], factor: number): UnitProjection => ({
  rule,
  patches: patches.map(({ cut }, i) => ({
    ...{ channels: 3, cut },
    signal: Float32Array.from({ length: SIDE * SIDE * 3 }, (_, at) => {
      const distance = Math.abs((Math.floor(at / 3) % SIDE) - 4 - 4 * i);
      return at % 3 === 0 && distance < 2 ? factor : at % 3 === 2 && distance >= 2 && distance < 5 ? -factor / 2 : 0;
    }),
  })),
});

const rows: readonly UnitProjection[] = [
  projected('deconvnet', 1),
  { rule: 'guided', refused: 'why', patches: [] },
  projected('gradient', 0.01),
];

const activations = {
  ...{ layer: 'conv', shape: [12, 12, 3], min: -1, max: 10 },
  values: Float32Array.from({ length: 12 * 12 * 3 }, (_, i) => {
    const [y, x, c] = [Math.floor(i / 36), Math.floor(i / 3) % 12, i % 3];
    return [x / 11, (10 * y) / 11, Math.sin(x)][c] as number;
  }),
  channels: [1, 10, 1].map((max, channel) => ({ channel, max })),
} as unknown as LayerActivations;

test.each([
  ['patches', () => paintUnit(unit).picture],
  ['projections', () => paintProjections({ patches, projections: rows }, 'rgb').picture],
  ['sharedScale', () => paintActivations({ ...activations }).picture],
  ['ownScale', () => paintActivations({ ...activations }, 'own').picture],
] as const)('%s look as they did', async (name, paint) => expectStored(paint(), folder, name));

test('red is red, whatever the order of channels that the network takes', () => {
  for (const order of ['rgb', 'bgr'] as const) {
    const { picture } = paintProjections({ patches, projections: rows }, order);
    const bar = (Math.round(picture.height / 3) + 48) * picture.width + 22;
    const [red = 0, green = 0, blue = 0] = picture.data.subarray(bar * 4, bar * 4 + 3);
    expect(order === 'rgb' ? red : blue).toBeGreaterThan(200);
    expect(Math.abs(green - 128)).toBeLessThan(3);
  }
});
