/**
 * The convolutional network of the lecture's MNIST example: 3 × 3 filters, valid, ReLU; 2 × 2 max-pooling; Adam on the
 * categorical cross-entropy. Both sides build it from this description.
 */
export const lectureCnn = {
  batch: 64,
  classes: 10,
  inputShape: [28, 28, 1],
  layers: [
    { conv2d: 32 }, // 26 × 26 × 32
    { conv2d: 32 }, // 24 × 24 × 32
    { maxPooling2d: 2 }, // 12 × 12 × 32
    { conv2d: 64 }, // 10 × 10 × 64
    { conv2d: 64 }, // 8 × 8 × 64
    { maxPooling2d: 2 }, // 4 × 4 × 64
    { flatten: true }, // 1024
    { dense: 512 },
    { dense: 10 }, // logits
  ],
  learningRate: 0.001,
  parameters: 594_922,
};
