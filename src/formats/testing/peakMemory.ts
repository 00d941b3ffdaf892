import { readFileSync, writeFileSync } from 'node:fs';

/** The most memory that this process had at once since `begin`, beyond what it had then. */
export interface PeakMemory {
  begin(): void;
  /** Bytes. Untouched pages of large arrays count too, as long as the arrays are held. */
  grown(): number;
}

/**
 * Linux keeps a high-water mark of a process's resident memory, which can be reset: the truth, whoever allocates. Undefined
 * elsewhere.
 */
export function peakMemory(): PeakMemory | undefined {
  const number = (name: string): number => {
    const status = readFileSync('/proc/self/status', 'latin1');
    return 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  };
  const reset = (): void => writeFileSync('/proc/self/clear_refs', '5');
  try {
    reset();
    if (!Number.isFinite(number('VmHWM'))) return undefined;
  } catch {
    return undefined;
  }
  let [resident, arrays] = [0, 0];
  return {
    begin: () => {
      reset();
      resident = number('VmRSS');
      arrays = process.memoryUsage().arrayBuffers;
    },
    grown: () => Math.max(number('VmHWM') - resident, process.memoryUsage().arrayBuffers - arrays),
  };
}
