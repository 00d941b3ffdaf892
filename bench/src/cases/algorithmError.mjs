import { foveaChild } from '../subjects.mjs';

/** 3 × 3 layers as VGG16 has them, from few channels and many pixels to many channels and few pixels. */
const LAYERS = [
  { title: 'block1_conv2, 224 × 224 × 64 → 64', shape: { n: 1, size: 224, c: 64, k: 64 } },
  { title: 'block3_conv2, 56 × 56 × 256 → 256', shape: { n: 2, size: 56, c: 256, k: 256 } },
  { title: 'block5_conv1, 14 × 14 × 512 → 512', shape: { n: 8, size: 14, c: 512, k: 512 } },
];
const PASSES = { y: 'forward', dx: 'input gradient', dw: 'filter gradient' };
/** Sums that are compared in each result. */
const SAMPLES = 4000;

/**
 * How far each algorithm for convolutions is from the definition in float64, as a share of the largest sum: the largest
 * difference and the root of the mean square, with rectified activations and He-initialized filters.
 */
export async function algorithmError({ nodes, threads, build }) {
  const rows = [];
  const measured = [];
  for (const node of nodes) {
    const child = foveaChild(node.path);
    try {
      for (const { title, shape } of LAYERS) {
        const answer = await child.ask({ errors: true, shape, samples: SAMPLES, threads, build });
        for (const { pass, algorithm, max, rms } of answer.rows) {
          measured.push({ node: node.version, build: answer.build, layer: title, pass, algorithm, max, rms });
          rows.push({
            ...{ Node: node.version, layer: title, pass: PASSES[pass], algorithm },
            ...{ largest: max.toExponential(1), 'root mean square': rms.toExponential(1) },
          });
        }
      }
    } finally {
      await child.end();
    }
  }
  const title = `Error against float64, as a share of the largest sum, over ${SAMPLES} sums of each result`;
  return { title, rows, measured };
}
