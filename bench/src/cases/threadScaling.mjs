import { vggConvolutions } from '../networks/index.mjs';
import { openSubjects } from '../subjects.mjs';
import { checkSame, compare } from '../tools/compare.mjs';
import { makeMaterial } from '../tools/material.mjs';
import { round } from '../tools/stats.mjs';

const BATCH = 8;
const MODES = { forward: 'forward', gradient: 'forward and backward' };

/** Times of one piece of work on one thread and on all of them, in turn; a pair for each Node. */
async function measure(mode, material, settings) {
  const work = { mode, network: vggConvolutions, batch: BATCH, material };
  const counts = [1, settings.threads];
  const opened = [];
  for (const threads of counts) opened.push(...(await openSubjects(work, [], { ...settings, threads })));
  const subjects = opened.filter((one) => one.unavailable === undefined);
  try {
    checkSame(subjects);
    const results = await compare(subjects, { rounds: settings.rounds, steps: 2, blockSeconds: 8 });
    const ofThreads = (threads) => results.filter((one) => one.threads === threads);
    const many = ofThreads(settings.threads);
    return ofThreads(1).map((one, i) => ({
      ...{ mode, of: one.name, build: one.build, threads: settings.threads, one, all: many[i] },
      byMedian: round(one.medianMs / many[i].medianMs, 3),
      byMin: round(one.minMs / many[i].minMs, 3),
    }));
  } finally {
    for (const subject of subjects) await subject.close();
  }
}

/** How many times as fast VGG16's convolutions are on all threads as on one: forward, and forward and backward. */
export async function threadScaling(settings) {
  const { rounds, threads } = settings;
  const title = `VGG16's convolutions, batch ${BATCH}, on ${threads} threads beside one`;
  if (threads < 2) return { title, notes: ['left out: one thread has nothing to scale to'] };
  const { remove, ...material } = makeMaterial(vggConvolutions, BATCH);
  try {
    const scaling = [];
    for (const mode of Object.keys(MODES)) {
      scaling.push(...(await measure(mode, material, { ...settings, rounds: Math.min(rounds, 4) })));
    }
    const rows = scaling.map(({ mode, of, one, all, byMedian, byMin }) => ({
      ...{ work: MODES[mode], '': of, 'median ms, 1 thread': round(one.medianMs, 1) },
      [`median ms, ${threads} threads`]: round(all.medianMs, 1),
      ...{ 'times as fast': round(byMedian, 2), 'by minimum': round(byMin, 2) },
    }));
    return { title, rows, scaling };
  } finally {
    remove();
  }
}
