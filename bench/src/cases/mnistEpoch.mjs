import { lectureCnn } from '../networks/index.mjs';
import { openSubjects } from '../subjects.mjs';
import { compare, throughputRatio } from '../tools/compare.mjs';
import { round } from '../tools/stats.mjs';

const BATCH = 64;
const ROUNDS = 2;

/** An epoch of the lecture's network over 60,000 pictures: `fit` with shuffling and feeding, against PyTorch's usual loop. */
export async function mnistEpoch(settings) {
  const { examples = 60_000 } = settings;
  const work = { mode: 'epoch', network: lectureCnn, batch: BATCH, examples };
  const opened = await openSubjects(work, ['PyTorch'], settings);
  const subjects = opened.filter((one) => one.unavailable === undefined);
  try {
    const rounds = Math.min(ROUNDS, settings.rounds);
    const results = await compare(subjects, { rounds, steps: 1, subjectSeconds: 600, warmUp: false });
    const peers = results.filter((one) => !one.ours);
    return {
      title: `An epoch of ${lectureCnn.title}, ${examples} pictures, batch ${BATCH}, ${settings.threads} threads`,
      rows: results.map((one) => ({
        '': `${one.name}${one.ours ? '' : ` ${one.version}`}`,
        'min s': round(one.minMs / 1000, 2),
        'median s': round(one.medianMs / 1000, 2),
        'images/s': Math.round((examples * 1000) / one.medianMs),
        settings: one.settings,
      })),
      notes: opened.filter((one) => one.unavailable).map((one) => `${one.name} left out: ${one.unavailable}`),
      subjects: results,
      ratios: results.filter((one) => one.ours).flatMap((one) => peers.map((peer) => throughputRatio(one, peer))),
    };
  } finally {
    for (const subject of subjects) await subject.close();
  }
}
