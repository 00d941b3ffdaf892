import { foveaChild } from '../subjects.mjs';
import { round } from '../tools/stats.mjs';

/** The most multiply-adds that WebAssembly gets out of this machine under one Node, GFLOP/s: `{ narrow, wide? }`. */
export async function peakOf(node, threads) {
  const child = foveaChild(node.path);
  try {
    return await child.ask({ machinePeak: true, threads });
  } finally {
    await child.end();
  }
}

/** What a loop of relaxed multiply-adds reaches, on all threads at once. */
export async function machinePeak({ nodes, threads }) {
  const measured = [];
  for (const node of nodes) {
    for (const count of new Set([1, threads])) measured.push({ node, count, peak: await peakOf(node, count) });
  }
  return {
    title: 'Peak of the machine in WebAssembly, float32 multiply-adds, GFLOP/s',
    rows: measured.map(({ node, count, peak }) => ({
      Node: node.version,
      threads: count,
      '128 bits': round(peak.narrow, 1),
      '256 bits': peak.wide === undefined ? '-' : round(peak.wide, 1),
    })),
    peaks: measured.map(({ node, count, peak }) => ({ node: node.version, threads: count, ...peak })),
  };
}
