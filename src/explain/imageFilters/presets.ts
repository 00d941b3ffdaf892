import { type Kernel, kernelOf, parseKernel, rotateKernel } from './kernel.js';

/** A well-known filter. */
export interface KernelPreset {
  readonly name: string;
  readonly kernel: Kernel;
  /** What it finds or does, in a sentence. */
  readonly says: string;
}

const top = kernelOf([
  [-1, -1, -1],
  [1, 1, 1],
  [0, 0, 0],
]);
const bottomRight = kernelOf([
  [0, 0, 1],
  [0, 1, -1.5],
  [1, -1.5, 0],
]);

const edge = (side: string) =>
  `Answers where it is bright and the pixels to the ${side} are darker: the ${side} edges of bright things.`;

/** The eight filters of the lecture: an edge from four sides, and a diagonal one from four corners. */
export const lectureKernels: readonly KernelPreset[] = [
  ...['top', 'left', 'bottom', 'right'].map((side, i) => ({
    name: `${side}-edge`,
    kernel: rotateKernel(top, i),
    says: side === 'top' || side === 'bottom' ? edge(side).replace('to the', 'at the') : edge(side),
  })),
  ...['bottom-right', 'top-right', 'top-left', 'bottom-left'].map((corner, i) => ({
    name: `${corner}-edge`,
    kernel: rotateKernel(bottomRight, i),
    says: `Answers along bright diagonals with darker pixels to the ${corner.replace('-', ' ')}.`,
  })),
];

/** The nine filters that playgrounds of image kernels offer. */
export const playgroundKernels: readonly KernelPreset[] = [
  preset(
    'outline',
    '-1 -1 -1; -1 8 -1; -1 -1 -1',
    'Answers where a pixel differs from its eight neighbors, whichever way.',
  ),
  preset(
    'blur',
    '1/16 2/16 1/16; 2/16 4/16 2/16; 1/16 2/16 1/16',
    'Takes the mean of a pixel and its neighbors, the nearer ones counting more.',
  ),
  preset('sharpen', '0 -1 0; -1 5 -1; 0 -1 0', 'Adds to a pixel what sets it apart from its four neighbors.'),
  preset(
    'emboss',
    '-2 -1 0; -1 1 1; 0 1 2',
    'Keeps the picture and adds slopes that rise towards the bottom right, as if light fell on it.',
  ),
  preset('left-sobel', '1 0 -1; 2 0 -2; 1 0 -1', 'Answers where the left is brighter than the right.'),
  preset('right-sobel', '-1 0 1; -2 0 2; -1 0 1', 'Answers where the right is brighter than the left.'),
  preset('top-sobel', '1 2 1; 0 0 0; -1 -2 -1', 'Answers where the upper side is brighter than the lower.'),
  preset('bottom-sobel', '-1 -2 -1; 0 0 0; 1 2 1', 'Answers where the lower side is brighter than the upper.'),
  preset('identity', '0 0 0; 0 1 0; 0 0 0', 'Leaves the picture as it is.'),
];

/** All filters that have a name. */
export const kernelPresets: readonly KernelPreset[] = [...playgroundKernels, ...lectureKernels];

function preset(name: string, text: string, says: string): KernelPreset {
  return { name, kernel: parseKernel(text), says };
}
