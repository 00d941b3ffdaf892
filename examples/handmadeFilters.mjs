// Filters made by hand, pooled and compared with templates: 8s are told from 1s, and nothing has been learned.
import { digits } from 'fovea';
import { filterImage, handmadeFeatures, lectureKernels, Templates } from 'fovea/explain';

const { train, test } = digits({ train: 2000, test: 500 });
const pictureOf = (values) => ({ values, height: 28, width: 28, channels: 1 });

/** The features of all digits of one kind, 128 numbers each. */
async function featuresOf(data, digit) {
  const places = Uint32Array.from([...data.labels.keys()].filter((i) => data.labels[i] === digit));
  const { x } = await data.batch(places);
  return Array.from(places, (_, i) => handmadeFeatures(pictureOf(x.data.subarray(i * 784, (i + 1) * 784))));
}

// The greatest and least answer of each filter to one digit.
const { x } = await test.batch(Uint32Array.of(0));
for (const { name, kernel } of lectureKernels) {
  const { values } = filterImage(pictureOf(x.data), kernel, { border: 'reflect' });
  console.log(name, Math.min(...values).toFixed(2), Math.max(...values).toFixed(2));
}

// A template is the mean of what the filters find in a digit's examples; a new digit is what it is nearest to.
const templates = new Templates([await featuresOf(train, 1), await featuresOf(train, 8)]);
for (const [place, digit] of [1, 8].entries()) {
  const features = await featuresOf(test, digit);
  const right = features.filter((one) => templates.classify(one) === place).length;
  console.log(`${digit}s: ${right} of ${features.length} right`);
}
