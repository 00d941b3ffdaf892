import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** What a figure depends on besides the code. */
export function describeMachine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown processor',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch} ${release()}`,
    node: process.versions.node,
    v8: process.versions.v8,
  };
}

/** Runnable processes, averaged over the last 1, 5 and 15 minutes; the bench itself is among them. */
export function loadAverage() {
  return loadavg().map((load) => Math.round(load * 100) / 100);
}
