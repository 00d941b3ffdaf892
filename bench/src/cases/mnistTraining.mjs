import { openFovea } from '../subjects/fovea.mjs';
import { openPytorch } from '../subjects/pytorch.mjs';
import { compare, throughputRatio } from '../tools/compare.mjs';
import { round } from '../tools/stats.mjs';
import { lectureCnn } from './lectureCnn.mjs';

/** A training step of the lecture's network, forward, backward and update, against PyTorch on the same threads. */
export async function mnistTraining(settings) {
  const { batch, parameters } = lectureCnn;
  const title = `Training step of the lecture's MNIST network (${parameters} parameters), batch ${batch}, ${settings.threads} threads`;
  const opened = [await openFovea(lectureCnn, settings), await openPytorch(lectureCnn, settings)];
  const subjects = opened.filter((one) => one.unavailable === undefined);
  try {
    for (const { name, details } of subjects) {
      if (details.parameters !== parameters)
        throw new Error(`${name} built a network of ${details.parameters} parameters`);
    }
    const results = await compare(subjects, settings);
    const [ours, ...theirs] = results;
    const ratios = ours?.name === 'Fovea' ? theirs.map((peer) => throughputRatio(ours, peer)) : [];
    return {
      title,
      rows: results.map((one) => ({
        '': `${one.name} ${one.version}`,
        'min ms': round(one.minMs, 1),
        'median ms': round(one.medianMs, 1),
        'images/s': Math.round((batch * 1000) / one.medianMs),
        settings: one.settings,
      })),
      notes: [
        ...ratios.map(
          ({ against, byMedian, byMin }) =>
            `Fovea ÷ ${against}, throughput: ${byMedian} by median, ${byMin} by minimum`,
        ),
        ...opened
          .filter((one) => one.unavailable !== undefined)
          .map((one) => `${one.name} left out: ${one.unavailable}`),
      ],
      subjects: results,
      ratios,
    };
  } finally {
    for (const subject of subjects) await subject.close();
  }
}
