import { networkFlops } from '../networks/describe.mjs';
import { openSubjects } from '../subjects.mjs';
import { checkSame, compare, throughputRatio } from '../tools/compare.mjs';
import { makeMaterial } from '../tools/material.mjs';
import { round } from '../tools/stats.mjs';

const WORDS = {
  forward: { title: 'forward', passes: 1 },
  gradient: { title: 'forward and backward', passes: 3 },
  train: { title: 'training step with Adam', passes: 3 },
};

/** A case in which Fovea and its peers do the same work with the same numbers, in turn. */
export function sideBySide({ network, mode, batch, peers, rounds, steps, blockSeconds }) {
  return async (settings) => {
    const { title, passes } = WORDS[mode];
    const material = makeMaterial(network, mode === 'train' ? 4 * batch : batch);
    const { remove, ...given } = material;
    const opened = await openSubjects({ mode, network, batch, material: given }, peers, settings);
    const subjects = opened.filter((one) => one.unavailable === undefined);
    try {
      for (const { name, details } of subjects) {
        if (![details.parameters ?? network.parameters, undefined].includes(network.parameters))
          throw new Error(`${name} built a network of ${details.parameters} parameters`);
      }
      checkSame(subjects);
      const results = await compare(subjects, {
        rounds: Math.min(settings.rounds, rounds ?? settings.rounds),
        steps: Math.min(settings.steps, steps ?? settings.steps),
        blockSeconds,
      });
      // Of the backward pass, the first layer's input gradient is nobody's business: 3 passes are a little too many.
      const gflop = (passes * batch * networkFlops(network)) / 1e9;
      const ours = results.filter((one) => one.ours);
      const ratios = ours.flatMap((one) =>
        results.filter((peer) => !peer.ours).map((peer) => throughputRatio(one, peer)),
      );
      return {
        title: `${network.title}, ${title}, batch ${batch}, ${settings.threads} threads`,
        rows: results.map((one) => ({
          '': `${one.name}${one.ours ? '' : ` ${one.version}`}`,
          'min ms': round(one.minMs, 1),
          'median ms': round(one.medianMs, 1),
          'images/s': round((batch * 1000) / one.medianMs, 1),
          'GFLOP/s': round(gflop / (one.medianMs / 1000), 1),
          ...Object.fromEntries(ours.map((our, i) => [`ratio ${i + 1}`, round(one.medianMs / our.medianMs, 2)])),
          settings: `${one.settings}${one.threads === settings.threads ? '' : `; threads: ${one.threads}`}`,
        })),
        notes: opened
          .filter((one) => one.unavailable !== undefined)
          .map((one) => `${one.name} left out: ${one.unavailable}`),
        gflop: round(gflop, 3),
        subjects: results,
        ratios,
      };
    } finally {
      for (const subject of subjects) await subject.close();
      remove();
    }
  };
}
