// Scores become probabilities with softmax. Plain proportions of the same scores are none.
const scores = { cat: -2.0756151, dog: -0.1117147, plane: 1.2699461, fish: -0.9518479, building: 1.4501606 };

const sum = (values) => values.reduce((total, value) => total + value, 0);
const share = (values) => values.map((value) => value / sum(values));
// The largest score is taken off first: it changes nothing, and no exponential overflows.
const softmax = (values) => share(values.map((value) => Math.exp(value - Math.max(...values))));

const values = Object.values(scores);
const print = (name, list) => console.log(name.padEnd(16), list.map((value) => value.toFixed(4).padStart(8)).join(''));
print('softmax', softmax(values));
print('proportion', share(values));
print('absolute values', share(values.map(Math.abs)));
print('softmax + 1000', softmax(values.map((value) => value + 1000)));
