import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { foveaChild } from '../subjects.mjs';
import { root } from '../tools/paths.mjs';
import { round } from '../tools/stats.mjs';

/** The lecture's networks, how long they train, and what they must reach on the 10,000 test pictures. */
const RUNS = [
  { network: 'linear', epochs: 5, target: 0.92 },
  { network: 'mlp', epochs: 8, target: 0.98 },
  { network: 'cnn', epochs: 3, target: 0.99 },
];

/** Training on the real MNIST, from the folder `FOVEA_SHARED`, and accuracy on its test pictures. */
export async function mnistAccuracy({ nodes, threads, build, examples }) {
  const title = 'Accuracy on the test pictures of MNIST; batch 64, Adam with a cosine schedule, seed 0';
  const folder = resolve(process.env.FOVEA_SHARED ?? join(root, '../shared/data'));
  if (!existsSync(join(folder, 'mnist'))) {
    return { title, notes: [`left out: there is no folder ${join(folder, 'mnist')}; FOVEA_SHARED names another`] };
  }
  const measured = [];
  const [node] = nodes;
  for (const { network, epochs, target } of RUNS) {
    const child = foveaChild(node.path);
    try {
      const mnist = { network, folder, epochs, examples };
      measured.push({ network, target, ...(await child.ask({ mnist, threads, build })) });
    } finally {
      await child.end();
    }
  }
  return {
    title,
    rows: measured.map(({ network, parameters, epochs, seconds, accuracy, target }) => ({
      network,
      parameters,
      epochs,
      seconds: round(seconds, 1),
      accuracy: `${round(100 * accuracy, 2)} %`,
      target: `${round(100 * target, 1)} %`,
      met: accuracy >= target ? 'yes' : 'no',
    })),
    measured,
  };
}
