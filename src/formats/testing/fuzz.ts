import { FoveaError } from '../../tensor/errors.js';
import { RandomStream } from '../../tensor/random.js';
import { peakMemory } from './peakMemory.js';

/** Keys everything: file number `i` of a subject is the same in every run. */
const SEED = 2024;

/** Files of one format and who reads them. */
export interface FuzzSubject {
  readonly name: string;
  /** A damaged file: its bytes, or those of all its parts. */
  readonly make: (i: number, random: RandomStream) => Uint8Array | ReadonlyMap<string, Uint8Array>;
  readonly read: (file: never) => Promise<unknown> | unknown;
}

/** What became of the damaged files of a subject. */
export interface FuzzReport {
  readonly files: number;
  readonly refused: number;
  /** Milliseconds: passed, or computed where others had the processor meanwhile. */
  readonly slowest: { readonly file: number; readonly ms: number };
  /** Bytes beyond twice the file's size: the largest of all files. */
  readonly hungriest: { readonly file: number; readonly bytes: number };
  /** Errors that are no FoveaErrors: faults of the reader. */
  readonly crashes: readonly { readonly file: number; readonly error: unknown }[];
}

/**
 * Reads damaged files one after the other. Each must be read or be refused with a FoveaError; time and memory are measured
 * for each.
 */
export async function fuzz({ name, make, read }: FuzzSubject, files: number, first = 0): Promise<FuzzReport> {
  const memory = peakMemory();
  let refused = 0;
  let slowest = { file: -1, ms: 0 };
  let hungriest = { file: -1, bytes: 0 };
  const crashes: { file: number; error: unknown }[] = [];
  for (let file = first; file < first + files; file++) {
    const made = make(file, new RandomStream(SEED, `${name} ${file}`));
    memory?.begin();
    const start = performance.now();
    const before = process.cpuUsage();
    // What was read is held while memory is measured.
    const held: unknown[] = [];
    try {
      held.push(await read(made as never));
    } catch (error) {
      if (error instanceof FoveaError) refused++;
      else crashes.push({ file, error });
    }
    const { user, system } = process.cpuUsage(before);
    const ms = Math.min(performance.now() - start, (user + system) / 1000);
    const bytes = (memory?.grown() ?? 0) - 2 * sizeOf(made);
    if (ms > slowest.ms) slowest = { file, ms };
    if (bytes > hungriest.bytes) hungriest = { file, bytes };
  }
  return { files, refused, slowest, hungriest, crashes };
}

function sizeOf(made: Uint8Array | ReadonlyMap<string, Uint8Array>): number {
  if (!(made instanceof Uint8Array || made instanceof Map)) return 0;
  return made instanceof Uint8Array ? made.length : [...made.values()].reduce((sum, { length }) => sum + length, 0);
}
