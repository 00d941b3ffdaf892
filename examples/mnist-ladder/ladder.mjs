// The MNIST ladder: from a linear model to an ensemble of convolutional networks, each rung one idea more. What it measures and what
// came out is in README.md beside it. Finished trainings are kept, so that a run which was stopped goes on where it was.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { adam, createWasmEngine, digits, evaluate, fit, loadModel, oneCycle, predict, saveModel, split } from 'fovea';
import { augmentation, augmented } from 'fovea/augment';
import { downloadMnist, readMnist } from 'fovea/node';
import { ensemble, rungs } from './networks.mjs';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    drawn: { type: 'boolean', default: false },
    examples: { type: 'string' },
    epochs: { type: 'string' },
    members: { type: 'string', default: String(ensemble.members) },
    rungs: { type: 'string' },
    out: { type: 'string', default: 'runs/mnist-ladder' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: String(availableParallelism()) },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`node examples/mnist-ladder/ladder.mjs
  --data FOLDER    the four files of MNIST (default: downloaded once)
  --drawn          digits that Fovea draws itself: no files needed
  --examples N     train on so many, test on half as many
  --epochs N       at most so many epochs for each rung
  --members N      networks in the ensemble (default 6)
  --rungs A,B      only these: ${[...rungs, ensemble].map(({ name }) => name).join(', ')}
  --out FOLDER     where models and results go (default runs/mnist-ladder)
  --seed N         another seed, another split and other weights (default 1)
  --threads N      (default: as many as there are cores)`);
  process.exit(0);
}

const seed = Number(options.seed);
const wanted = options.rungs?.split(',');
const examples = options.examples === undefined ? undefined : Number(options.examples);
const data = await open();
// A tenth or 5,000 of the training pictures, each digit in its share, are set aside to judge by; the test pictures are used once.
const held = Math.min(5000, Math.round(data.train.size / 10));
const [train, valid] = split(data.train, { sizes: [data.train.size - held, held], seed, stratified: true });
const engine = await createWasmEngine({ threads: Number(options.threads) });
await mkdir(options.out, { recursive: true });
const results = {
  date: new Date().toISOString(),
  command: ['node examples/mnist-ladder/ladder.mjs', ...chosenOptions()].join(' '),
  machine: { cpu: cpus()[0]?.model.trim(), cores: cpus().length, node: process.versions.node, v8: process.versions.v8 },
  engine: engine.description,
  data: { name: data.name, train: train.size, valid: valid.size, test: data.test.size },
  seed,
  rungs: [],
};

for (const rung of rungs) {
  if (wanted !== undefined && !wanted.includes(rung.name)) continue;
  const { model, ...trained } = await trainedModel(rung, 0);
  const { name, title, course } = rung;
  await report({
    name,
    title,
    parameters: model.countParameters().total,
    ...trained,
    ...(await measured(model)),
    course,
  });
}
if (wanted === undefined || wanted.includes(ensemble.name)) await measureEnsemble();
await engine.close();

/** What was asked for, without places of files. */
function chosenOptions() {
  return process.argv
    .slice(2)
    .filter((word, i, all) => !/^--(data|out|threads)$/.test(word) && !/^--(data|out|threads)$/.test(all[i - 1] ?? ''));
}

/** MNIST, or digits that are drawn, or the first of either. */
async function open() {
  if (options.drawn) {
    const train = examples ?? 60_000;
    return { name: 'drawn digits', ...digits({ train, test: Math.ceil(train / 2) }) };
  }
  const { train, test } = await readMnist(options.data ?? (await downloadMnist()));
  const first = (set, n) => (n >= set.size ? set : split(set, { sizes: [n], seed, stratified: true })[0]);
  return {
    name: 'MNIST',
    train: examples === undefined ? train : first(train, examples),
    test: examples === undefined ? test : first(test, Math.ceil(examples / 2)),
  };
}

/** A rung's network, trained or found trained from an earlier run. */
async function trainedModel(rung, member) {
  const path = join(options.out, `${rung.name}-${member}.safetensors`);
  const epochs = Math.min(rung.epochs, Number(options.epochs ?? rung.epochs));
  const found = await readFile(path).catch(() => undefined);
  if (found !== undefined) {
    const { model, metadata } = await loadModel(found);
    return { model, epochs, ...JSON.parse(metadata.trained) };
  }
  const model = rung.build(seed * 100 + member);
  const own = seed * 100 + member;
  const learned =
    rung.augmentation === undefined ? train : augmented(train, augmentation(rung.augmentation), { seed: own });
  const [began, cpuBegan] = [performance.now(), process.cpuUsage()];
  const { history } = await fit(model, learned, {
    loss: 'categoricalCrossentropy',
    metrics: ['accuracy'],
    optimizer: adam({
      learningRate: rung.constant ? rung.learningRate : oneCycle({ maxLearningRate: rung.learningRate }),
    }),
    ...{
      epochs,
      batchSize: Math.min(rung.batchSize ?? 128, Math.ceil(train.size / 4)),
      seed: own,
      engine,
      validation: valid,
      trainSample: 0,
    },
    callbacks: [{ onEpochEnd: (_, { epoch, logs }) => progress(rung, member, epoch, epochs, logs) }],
  });
  const { user, system } = process.cpuUsage(cpuBegan);
  const { accuracy, valAccuracy } = history.epochs.at(-1).logs;
  const trained = {
    seconds: Math.round((performance.now() - began) / 1000),
    cpuSeconds: Math.round((user + system) / 1e6),
    runningTrainAccuracy: accuracy,
    validAccuracy: valAccuracy,
  };
  await writeFile(path, await saveModel(model, { trained: JSON.stringify(trained) }));
  return { model, epochs, ...trained };
}

async function measured(model) {
  const { loss, accuracy } = await evaluate(model, data.test, {
    loss: 'categoricalCrossentropy',
    metrics: ['accuracy'],
    ...{ engine, batchSize: Math.min(250, data.test.size) },
  });
  return { testAccuracy: accuracy, testLoss: loss };
}

/** The mean of what several networks predict for the test pictures. */
async function measureEnsemble() {
  const rung = rungs.find(({ name }) => name === ensemble.of);
  const members = [];
  let sum;
  for (let member = 0; member < Number(options.members); member++) {
    const { model, ...trained } = await trainedModel(rung, member);
    const { data: probabilities } = await predict(model, data.test, {
      engine,
      batchSize: Math.min(250, data.test.size),
    });
    sum = sum === undefined ? Float64Array.from(probabilities) : sum.map((value, i) => value + probabilities[i]);
    members.push({ ...trained, testAccuracy: accuracyOf(probabilities) });
    console.log(`member ${member + 1}: ${percent(members.at(-1).testAccuracy)}`);
  }
  const { name, title, course } = ensemble;
  await report({ name, title, members, testAccuracy: accuracyOf(sum), course });
}

function accuracyOf(probabilities) {
  const { labels, size } = data.test;
  const right = labels.filter((label, i) => {
    const own = probabilities.subarray(i * 10, (i + 1) * 10);
    return own.indexOf(Math.max(...own)) === label;
  });
  return right.length / size;
}

async function report(row) {
  results.rungs.push(row);
  await writeFile(join(options.out, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
  const course = row.course === undefined ? '' : ` (the course: ${percent(row.course.accuracy)})`;
  console.log(`${row.title}: ${percent(row.testAccuracy)} of ${data.test.size} test pictures${course}`);
}

function progress({ name }, member, epoch, epochs, { valAccuracy }) {
  console.log(
    `  ${name}${member === 0 ? '' : ` ${member + 1}`}, epoch ${epoch + 1} of ${epochs}: ${percent(valAccuracy)} of validation`,
  );
}

function percent(share) {
  return `${(100 * share).toFixed(2)} %`;
}
