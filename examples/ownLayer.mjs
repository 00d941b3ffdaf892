// A layer of one's own, made of ops: squeeze-and-excitation (Hu et al., 2018), which weighs the channels of an image by
// what is in all of it. Its gradient comes from the ops by itself, and the model file keeps it.
import {
  adam,
  conv2d,
  defineLayer,
  dense,
  digits,
  fit,
  globalAveragePooling2d,
  input,
  loadModel,
  ops,
  predict,
  saveModel,
  sequential,
} from 'fovea';

const squeezeExcite = defineLayer({
  type: 'squeezeExcite',
  config: { ratio: 4 },
  weights: ([[, , channels]], { ratio }) => [
    { name: 'squeeze', shape: [channels, channels / ratio], initializer: 'heUniform' },
    { name: 'excite', shape: [channels / ratio, channels], initializer: 'glorotUniform' },
  ],
  call: ([x], { weight }) => {
    const mean = ops.mean(x, { axes: [1, 2] }); // [n, c]
    const squeezed = ops.relu(ops.matMul(mean, weight('squeeze'))); // [n, c / ratio]
    const gates = ops.sigmoid(ops.matMul(squeezed, weight('excite'))); // [n, c]
    const [n, , , c] = x.shape;
    return ops.multiply(x, ops.reshape(gates, [n, 1, 1, c]));
  },
});

const model = sequential([
  input([28, 28, 1]),
  conv2d({ filters: 8, kernelSize: 5, strides: 2, activation: 'relu' }), // [12, 12, 8]
  squeezeExcite({ ratio: 2 }),
  conv2d({ filters: 16, kernelSize: 5, strides: 2, activation: 'relu' }), // [4, 4, 16]
  squeezeExcite(),
  globalAveragePooling2d(), // [16]
  dense({ units: 10, activation: 'softmax' }),
]);

const { train, test } = digits({ train: 1000, test: 100 });
const { history } = await fit(model, train, {
  loss: 'categoricalCrossentropy',
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 4,
});
console.log('loss', history.values('loss'));

// Where such a model is loaded, the layer has to be given along.
const copy = await loadModel(await saveModel(model), { custom: [squeezeExcite] });
const [mine, its] = [await predict(model, test), await predict(copy.model, test)];
const same = mine.data.every((probability, i) => probability === its.data[i]);
console.log(same ? 'the loaded copy predicts the same' : 'the loaded copy differs');
