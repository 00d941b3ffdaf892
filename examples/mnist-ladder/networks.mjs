// The networks and recipes of the ladder: each rung adds one thing to the one before.
import {
  batchNormalization,
  conv2d,
  dense,
  dropout,
  flatten,
  input,
  maxPooling2d,
  normalization,
  sequential,
} from 'fovea';

const beginning = () => [input([28, 28, 1]), normalization({ mean: 0.1307, standardDeviation: 0.3081 })];
const output = () => dense({ units: 10, activation: 'softmax' });

/** A hidden layer of 512: the course gave it a softmax by mistake, which holds it back; ReLU is what was meant. */
const oneHidden = (activation) => (seed) =>
  sequential([...beginning(), flatten(), dense({ units: 512, activation }), output()], { name: 'dense', seed });

/** The course's convolutional network: 28 → 26 → 24 → 12 → 10 → 8 → 4 pixels wide. */
const convolutional =
  ({ normalized = false, rate = 0 } = {}) =>
  (seed) => {
    const conv = (filters) => conv2d({ filters, kernelSize: 3, activation: 'relu' });
    const norm = () => (normalized ? [batchNormalization()] : []);
    return sequential(
      [
        ...beginning(),
        ...[conv(32), ...norm(), conv(32), maxPooling2d(), ...norm()],
        ...[conv(64), ...norm(), conv(64), maxPooling2d()],
        ...[flatten(), ...norm(), dense({ units: 512, activation: 'relu' }), ...norm()],
        ...(rate > 0 ? [dropout({ rate })] : []),
        output(),
      ],
      { name: 'cnn', seed },
    );
  };

/** Small turns, shifts, slants and sizes: what a hand does to a digit. No flips: they make other signs. */
const handAugmentation = {
  transforms: [
    { type: 'rotation', degrees: 10 },
    { type: 'zoom', factor: [0.9, 1.1], separate: true },
    { type: 'shear', x: 10 },
    { type: 'shift', x: 0.08, y: 0.08 },
  ],
  fill: 'constant',
};

/**
 * The rungs, in order. `course` is what the course's notebook measured last on its test pictures and how long it trained; those with
 * `distorted` it measured on augmented test pictures, by an oversight.
 */
export const rungs = [
  {
    name: 'linear',
    title: 'linear',
    build: (seed) => sequential([...beginning(), flatten(), output()], { name: 'linear', seed }),
    epochs: 6,
    learningRate: 0.003,
    course: { accuracy: 0.924, epochs: 6 },
  },
  {
    name: 'dense-softmax',
    title: 'one hidden layer, softmax',
    build: oneHidden('softmax'),
    epochs: 9,
    // As the course trained it: with larger steps it fares worse.
    ...{ learningRate: 0.001, constant: true, batchSize: 64 },
    course: { accuracy: 0.9397, epochs: 9 },
  },
  {
    name: 'dense-relu',
    title: 'one hidden layer, ReLU',
    build: oneHidden('relu'),
    epochs: 9,
    learningRate: 0.002,
  },
  {
    name: 'cnn',
    title: 'convolutional',
    build: convolutional(),
    epochs: 5,
    learningRate: 0.002,
    course: { accuracy: 0.9926, epochs: 10 },
  },
  {
    name: 'cnn-augmented',
    title: '+ augmentation',
    build: convolutional(),
    epochs: 7,
    learningRate: 0.002,
    augmentation: handAugmentation,
    course: { accuracy: 0.9919, epochs: 35, distorted: true },
  },
  {
    name: 'cnn-normalized',
    title: '+ batch normalization',
    build: convolutional({ normalized: true }),
    epochs: 5,
    learningRate: 0.004,
  },
  {
    name: 'cnn-both',
    title: '+ both and dropout',
    build: convolutional({ normalized: true, rate: 0.5 }),
    epochs: 7,
    learningRate: 0.005,
    augmentation: handAugmentation,
    course: { accuracy: 0.9945, epochs: 18, distorted: true },
  },
];

/** Six of the last rung, with different first weights, order and augmentation: their mean prediction. */
export const ensemble = {
  name: 'ensemble',
  title: 'ensemble of six',
  of: 'cnn-both',
  members: 6,
  course: { accuracy: 0.9969, epochs: 35 },
};
