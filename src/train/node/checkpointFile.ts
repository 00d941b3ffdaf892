import { readFileChecked, writeFileAtomic } from '../../formats/node/files.js';
import type { Checkpoint, CheckpointOptions } from '../checkpoint.js';

/** Keeps the latest checkpoint in a file, for the option `checkpoint` of `fit`: at any moment it is a whole one. */
export function checkpointFile(path: string): CheckpointOptions['save'] {
  return ({ pieces }: Checkpoint) => writeFileAtomic(path, pieces);
}

/** The bytes of a checkpoint, for the option `resume` of `fit`. Throws `file` where it cannot be read. */
export function readCheckpointFile(path: string): Promise<Uint8Array> {
  return readFileChecked(path);
}
