import type { RandomStream } from '../../tensor/random.js';
import { autoContrast, brighten, contrast, equalize, posterize, saturate, sharpen, solarize } from './canvasSteps.js';
import { rotate, shear, shift } from './geometrySteps.js';
import type { Area } from './randomPart.js';
import type { Step } from './steps.js';

/** The strongest of each transform; torchvision's figures. */
interface Strongest {
  /** Slope of a slant. */
  readonly slope: number;
  /** Share of the width and height. */
  readonly shift: (size: Area) => readonly [x: number, y: number];
  readonly degrees: number;
  /** How far factors go from 1. */
  readonly factor: number;
  /** Bits that are lost. */
  readonly bits: number;
}

const randAugment: Strongest = {
  slope: 0.3,
  shift: () => [150 / 331, 150 / 331],
  degrees: 30,
  factor: 0.9,
  bits: 4,
};

const trivialAugment: Strongest = {
  slope: 0.99,
  shift: ({ height, width }) => [32 / width, 32 / height],
  degrees: 135,
  factor: 0.99,
  bits: 6,
};

/** A transform by its strength from 0 to 1; `sign` is 1 or −1. */
type Choice = (strength: number, sign: number, size: Area, most: Strongest) => Step[];

const slant = (slope: number): number => (Math.atan(slope) * 180) / Math.PI;

const choices: readonly Choice[] = [
  () => [],
  (strength, sign, size, { slope }) => shear(size, sign * slant(strength * slope), 0),
  (strength, sign, size, { slope }) => shear(size, 0, sign * slant(strength * slope)),
  (strength, sign, size, most) => shift(size, sign * Math.min(1, strength * most.shift(size)[0]), 0),
  (strength, sign, size, most) => shift(size, 0, sign * Math.min(1, strength * most.shift(size)[1])),
  (strength, sign, size, { degrees }) => rotate(size, sign * strength * degrees),
  (strength, sign, _, { factor }) => brighten(1 + sign * strength * factor),
  (strength, sign, _, { factor }) => saturate(1 + sign * strength * factor),
  (strength, sign, _, { factor }) => contrast(1 + sign * strength * factor),
  (strength, sign, _, { factor }) => sharpen(1 + sign * strength * factor),
  (strength, _, __, { bits }) => posterize(8 - Math.round(strength * bits)),
  (strength) => solarize(1 - strength),
  () => autoContrast(),
  () => equalize(),
];

/** Strengths are 31 steps from nothing to the strongest. */
const STEPS = 30;

/** `n` transforms, each any of 14, at the strength `magnitude` of 0 to 30. */
export function randAugmentSteps(random: RandomStream, size: Area, n: number, magnitude: number): Step[] {
  return Array.from({ length: n }, () => drawn(random, size, magnitude / STEPS, randAugment)).flat();
}

/** One transform, any of 14, at a strength of 0 to 30, each as likely. */
export function trivialAugmentSteps(random: RandomStream, size: Area): Step[] {
  return drawn(random, size, random.below(STEPS + 1) / STEPS, trivialAugment);
}

function drawn(random: RandomStream, size: Area, strength: number, most: Strongest): Step[] {
  const choice = choices[random.below(choices.length)] as Choice;
  return choice(strength, random.uniform() < 0.5 ? 1 : -1, size, most);
}
