// How pictures change their size on the way through a network, and how many numbers each layer has to learn.
import { conv2d, dense, flatten, input, reshape, sequential, zeroPadding2d } from 'fovea';

const convolutional = sequential([
  input([28, 28, 1]),
  zeroPadding2d(), // a row of zeros on every side: [30, 30, 1]
  conv2d({ filters: 12, kernelSize: 3, activation: 'relu' }), // [28, 28, 12]
]);
const connected = sequential([
  input([28, 28, 1]),
  flatten(), // [784]
  dense({ units: 28 * 28 * 12, activation: 'relu' }),
  reshape({ targetShape: [28, 28, 12] }),
]);

for (const model of [convolutional, connected]) {
  console.log(
    model.nodes.map(({ shape }) => shape.join(' × ')).join(' → '),
    model.countParameters().total,
    'numbers to learn',
  );
}
