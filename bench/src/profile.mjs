// Where the time of a network goes: each step of its plan is run by itself, many times.
//
//     npm --prefix bench run profile -- mobileNet [--mode forward|gradient] [--batch 8] [--threads 1] [--build NAME]

import { parseArgs } from 'node:util';
import { importFovea } from './children/foveaModules.mjs';
import { buildModel } from './children/foveaNetwork.mjs';
import { lectureCnn, mobileNet, resNet18, vgg16, vggConvolutions } from './networks/index.mjs';
import { round } from './tools/stats.mjs';
import { formatTable } from './tools/table.mjs';

const options = {
  mode: { type: 'string', default: 'forward' },
  batch: { type: 'string', default: '8' },
  threads: { type: 'string', default: '1' },
  rounds: { type: 'string', default: '5' },
  build: { type: 'string' },
};
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const networks = { lectureCnn, mobileNet, resNet18, vgg16, vggConvolutions };
const network = networks[positionals[0]];
if (network === undefined) throw new Error(`name one of ${Object.keys(networks).join(', ')}`);

const fovea = await importFovea();
const [batch, threads, rounds] = [values.batch, values.threads, values.rounds].map(Number);
const engine = await fovea.createWasmEngine({
  threads,
  ...(values.build === undefined ? {} : { build: values.build }),
});
const model = buildModel(fovea, network);

function trace() {
  if (values.mode === 'forward') return fovea.traceInference(model, batch).graph;
  const y = { shape: [batch, ...model.outputShapes[0]], dtype: 'float32' };
  const setup = { model, loss: fovea.meanSquaredError(), optimizer: fovea.adam(), averageMomentum: undefined };
  const { graph, loss, squaredNorm } = fovea.traceGradients(setup, batch, y);
  graph.output('loss', loss);
  graph.output('squaredNorm', squaredNorm);
  return graph;
}

const plan = engine.plan(trace());
const constants = plan.steps.filter((step) => step.constant);
const nothing = { inputs: new Map(), outputs: new Map(), guard: undefined };
const steps = [];
for (const step of plan.steps.filter((one) => !one.constant)) {
  // A plan of this step alone, over the same places in memory; weights that are kept prepared are made in its first run.
  const alone = [...constants, step];
  const firstUpdate = step.node.phase === 'update' ? constants.length : alone.length;
  steps.push({ step, program: await engine.load({ ...plan, ...nothing, steps: alone, firstUpdate }), seconds: [] });
}
for (const { program } of steps) await program.run({});
for (let round = 0; round < rounds; round++) {
  for (const one of steps) {
    for (let again = 0; again < 2; again++) {
      const start = performance.now();
      await one.program.run({});
      one.seconds.push((performance.now() - start) / 1000);
    }
  }
}
const least = (one) => Math.min(...one.seconds);
const all = steps.reduce((sum, one) => sum + least(one), 0);
const rows = steps.map((one) => ({
  layer: one.step.node.scope,
  op: one.step.node.op,
  algorithm: one.step.algorithm ?? '',
  output: one.step.node.outputs[0].shape.join('×'),
  ms: round(1000 * least(one), 3),
  share: `${round((100 * least(one)) / all, 1)} %`,
  'GFLOP/s': round(one.step.flops / least(one) / 1e9, 1),
  'GB/s': round(one.step.traffic / least(one) / 1e9, 1),
}));
const byOp = new Map();
for (const one of steps) {
  const key = `${one.step.node.op} ${one.step.algorithm ?? ''}`.trim();
  byOp.set(key, (byOp.get(key) ?? 0) + least(one));
}
process.stdout.write(
  `${network.title}, ${values.mode}, batch ${batch}, ${engine.description.build} build, threads: ${threads}\n`,
);
process.stdout.write(`${formatTable(rows)}\n\n`);
const sums = [...byOp].sort((a, b) => b[1] - a[1]);
process.stdout.write(
  `${formatTable(sums.map(([op, s]) => ({ op, ms: round(1000 * s, 2), share: `${round((100 * s) / all, 1)} %` })))}\n`,
);
process.stdout.write(`All: ${round(1000 * all, 1)} ms\n`);
await engine.close();
