// Trains a small convolutional network on digits that the library draws itself: no files, no network connection.
// Run it with `node examples/trainDigits.mjs`. More training digits give a better model.
import { conv2d, dense, digits, evaluate, fit, flatten, input, maxPooling2d, predict, sequential } from 'fovea';

const { train, test } = digits({ train: 2000, test: 500 });
const model = sequential([
  input([28, 28, 1]),
  conv2d({ filters: 8, kernelSize: 3, activation: 'relu' }), // [26, 26, 8]
  maxPooling2d(), // [13, 13, 8]
  conv2d({ filters: 16, kernelSize: 3, activation: 'relu' }), // [11, 11, 16]
  maxPooling2d(), // [5, 5, 16]
  flatten(), // [400]
  dense({ units: 10, activation: 'softmax' }),
]);
const { history } = await fit(model, train, { loss: 'categoricalCrossentropy', epochs: 5, validation: 0.1 });
console.log('validation loss', history.values('valLoss'));

const { accuracy } = await evaluate(model, test, { loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
console.log('test accuracy', accuracy);

const { x, y } = await test.batch(Uint32Array.of(0));
const probabilities = (await predict(model, x)).data;
const digit = probabilities.indexOf(Math.max(...probabilities));
console.log(`the first test digit is a ${y.data[0]}; the model says ${digit}`);
