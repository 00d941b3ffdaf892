import { resolveLayers } from '../networks/describe.mjs';
import { lectureCnn, vgg16 } from '../networks/index.mjs';
import { foveaChild } from '../subjects.mjs';
import { bitsOf } from '../targets.mjs';
import { median, round } from '../tools/stats.mjs';
import { peakOf } from './machinePeak.mjs';

const PASSES = ['y', 'dx', 'dw'];

/** Convolutions and dense layers of different shapes, under the name of the first that has it. */
function distinctLayers(network, batch, prefix) {
  const seen = new Set();
  return resolveLayers(network)
    .filter(({ flops }) => flops > 0)
    .filter(({ op, input, output }) => {
      const key = JSON.stringify([op, input, output]);
      return !seen.has(key) && seen.add(key);
    })
    .map((layer) => ({ ...layer, batch, title: `${prefix} ${layer.name}` }));
}

/**
 * Each layer on its own: forward (`y`), input gradient (`dx`) and filter gradient (`dw`) in GFLOP/s, counted as the direct
 * algorithm's, and their share of the machine's peak. Winograd needs fewer multiplications: its share may exceed 1.
 */
export async function singleLayers({ nodes, threads, build, rounds }) {
  const layers = [...distinctLayers(vgg16, 8, 'VGG16'), ...distinctLayers(lectureCnn, 64, 'MNIST')];
  const rows = [];
  const measured = [];
  for (const node of nodes) {
    const peak = await peakOf(node, threads);
    const child = foveaChild(node.path);
    try {
      for (const layer of layers) {
        const row = { Node: node.version, layer: layer.title, shape: shapeText(layer) };
        for (const pass of PASSES) {
          const question = { layer, pass, steps: 4 * rounds, limit: rounds / 8, threads, build };
          const { seconds, algorithm, build: kernels } = await child.ask(question);
          const gflops = (layer.batch * layer.flops) / Math.min(...seconds) / 1e9;
          const bits = bitsOf(kernels);
          const share = gflops / peak[bits];
          row[`${pass} GFLOP/s`] = round(gflops, 1);
          row[`${pass} share`] = round(share, 2);
          const times = { minMs: round(1000 * Math.min(...seconds), 3), medianMs: round(1000 * median(seconds), 3) };
          measured.push({
            ...{ node: node.version, build: kernels, layer: layer.title, pass, algorithm },
            ...{ ...times, gflops: round(gflops, 1), peak: round(peak[bits], 1), share: round(share, 3) },
          });
        }
        rows.push(row);
      }
    } finally {
      await child.end();
    }
  }
  const title = `Single layers, ${threads} threads: GFLOP/s as the direct algorithm counts, and the share of the machine's peak`;
  return { title, rows, measured };
}

function shapeText({ op, batch, input, output, kernel }) {
  return op === 'dense'
    ? `${batch} × ${input[0]} → ${output[0]}`
    : `${batch} × ${input.join(' × ')} → ${output.at(-1)}, ${kernel} × ${kernel}`;
}
