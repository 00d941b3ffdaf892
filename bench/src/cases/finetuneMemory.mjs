import { isBuilt } from '../children/foveaModules.mjs';
import { foveaChild } from '../subjects.mjs';
import { round } from '../tools/stats.mjs';

const BATCH = 8;
const STEPS = 2;
/** Most bytes that either may take. */
const MOST = 6e9;

/** What of VGG16 learns: its dense layers, with the convolutions frozen below them, or everything. */
const LAYERS = { dense: 'dense layers, convolutions frozen', all: 'all layers' };

/** Most memory of a process that fine-tunes the whole of VGG16 with Adam, its resident set, as the system counts. */
export async function finetuneMemory({ nodes, threads, build }) {
  const title = `Peak memory of a process that fine-tunes the whole of VGG16, random weights, 224 × 224, batch ${BATCH}, Adam`;
  if (!isBuilt()) return { title, notes: ['left out: Fovea is not built; run npm run build first'] };
  const measured = [];
  for (const node of nodes) {
    for (const layers of Object.keys(LAYERS)) {
      const child = foveaChild(node.path);
      try {
        const answer = await child.ask({ finetuneMemory: { layers, batch: BATCH, steps: STEPS }, threads, build });
        measured.push({ node: node.version, layers, ...answer });
      } finally {
        await child.end();
      }
    }
  }
  return {
    title,
    rows: measured.map(({ node, layers, bytes, trainable, seconds }) => ({
      Node: node,
      'what learns': LAYERS[layers],
      parameters: trainable.toLocaleString('en-US'),
      MB: Math.round(bytes / 1e6),
      target: `≤ ${MOST / 1e6}`,
      met: bytes <= MOST ? 'yes' : 'no',
      's, last step': round(seconds.at(-1), 1),
    })),
    measured,
  };
}
