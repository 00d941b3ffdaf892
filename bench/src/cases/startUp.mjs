import { vgg16 } from '../networks/index.mjs';
import { foveaChild, peerChild } from '../subjects.mjs';
import { makeMaterial } from '../tools/material.mjs';
import { median, round } from '../tools/stats.mjs';

const PEERS = ['onnxruntime-node', 'onnxruntime-web'];

/** Asks a fresh process each time. */
async function fresh(rounds, open, question) {
  const answers = [];
  for (let i = 0; i < rounds; i++) {
    const child = open();
    try {
      answers.push(await child.ask(question));
    } finally {
      await child.end();
    }
  }
  const seconds = answers.map((answer) => answer.seconds);
  return { minSeconds: round(Math.min(...seconds), 3), medianSeconds: round(median(seconds), 3), runs: answers };
}

/**
 * From import to the first prediction of VGG16 in a fresh process. Weights are there before the clock runs: in memory, as
 * the model's own for Fovea, and as the bytes of an ONNX file for ONNX Runtime.
 */
export async function startUp({ nodes, peerNode, threads, build, rounds, only }) {
  const times = Math.min(rounds, 4);
  const { remove, ...material } = makeMaterial(vgg16, 1);
  const measured = {};
  try {
    for (const { version, path } of nodes) {
      const question = { startUp: true, threads, build };
      measured[`Fovea, Node ${version}`] = await fresh(times, () => foveaChild(path), question);
    }
    for (const name of PEERS.filter((one) => only === undefined || only.includes(one))) {
      const work = { mode: 'forward', network: vgg16, batch: 1, material };
      const open = () => peerChild(name, peerNode.path);
      measured[name] = await fresh(times, open, { startUp: work, threads }).catch((error) => ({
        failed: error.message,
      }));
    }
  } finally {
    remove();
  }
  const part = ({ runs }, name) => (runs?.[0][name] === undefined ? undefined : round(runs[0][name], 2));
  return {
    title: 'From import to the first prediction of VGG16, without reading its weights, seconds',
    rows: Object.entries(measured).map(([name, one]) => ({
      '': name,
      min: one.minSeconds ?? one.failed?.split('\n')[0],
      median: one.medianSeconds,
      'import and set up': part(one, 'setUp'),
      'first prediction': part(one, 'first'),
      second: part(one, 'second'),
    })),
    measured,
  };
}
