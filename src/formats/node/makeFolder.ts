import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it; one that is there already is fine. Node's own recursive `mkdir` tries without end where
 * the system says of every attempt that something is missing, as it does below /proc.
 *
 * @throws the system's error.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(path) !== path) {
      await makeFolder(dirname(path));
      // Once more and no oftener.
      return mkdir(path).catch((again: unknown) => refuseUnlessFolder(path, again));
    }
    await refuseUnlessFolder(path, error);
  }
}

/** Another process may have made it meanwhile; and a root that cannot be made is there. */
async function refuseUnlessFolder(path: string, error: unknown): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory() !== true) throw error;
}
