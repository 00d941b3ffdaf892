import { vgg16 } from '../networks/index.mjs';
import { openSubjects } from '../subjects.mjs';
import { makeMaterial } from '../tools/material.mjs';
import { round } from '../tools/stats.mjs';

const BATCH = 8;
const STEPS = 2;

/**
 * Most memory of a process that takes whole training steps of VGG16 with Adam: its resident set, as the system counts. Each
 * side draws its first weights itself, since a file of them would count as memory.
 */
export async function peakMemory(settings) {
  const { remove, ...material } = makeMaterial(vgg16, BATCH, { weights: false });
  const measured = [];
  const notes = [];
  const { nodes } = settings;
  // One after the other, each alone: together they would fill the machine.
  const sides = [...nodes.map((node) => ({ nodes: [node], peers: [] })), { nodes: [], peers: ['PyTorch'] }];
  try {
    for (const { nodes: some, peers } of sides) {
      const choice = { channels_last: false, foreach: false };
      const work = { mode: 'train', network: vgg16, batch: BATCH, choice, material };
      const [subject] = await openSubjects(work, peers, { ...settings, nodes: some });
      if (subject === undefined) continue;
      if (subject.unavailable !== undefined) {
        notes.push(`${subject.name} left out: ${subject.unavailable}`);
        continue;
      }
      const seconds = await subject.run(STEPS, 600);
      const { bytes } = await subject.ask({ memory: true });
      await subject.close();
      measured.push({ name: subject.name, ours: subject.ours, build: subject.details.build, bytes, seconds });
    }
  } finally {
    remove();
  }
  const pytorch = measured.find(({ name }) => name === 'PyTorch');
  const ours = measured.filter((one) => one.ours);
  return {
    title: `Peak memory of a process that trains the whole of VGG16 with Adam, batch ${BATCH}`,
    rows: measured.map(({ name, bytes, seconds }) => ({
      '': name,
      MB: Math.round(bytes / 1e6),
      '÷ PyTorch': pytorch === undefined ? undefined : round(bytes / pytorch.bytes, 3),
      's per step': round(Math.min(...seconds), 2),
    })),
    notes,
    measured,
    memoryRatios: pytorch && ours.map(({ name, build, bytes }) => ({ of: name, build, ratio: bytes / pytorch.bytes })),
  };
}
