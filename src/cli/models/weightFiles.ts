import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../data/node/cacheFolder.js';
import { download } from '../../data/node/download.js';
import { FoveaError } from '../../tensor/errors.js';
import type { WeightSource } from '../../zoo/weightSource.js';
import { megabytes } from '../format.js';
import { ProgressBar } from '../progressBar.js';
import type { Terminal } from '../terminal.js';

/** The folder that weights are fetched into. */
function weightCache(): string {
  return join(cacheFolder(), 'weights');
}

/** A published file that is there. */
interface FoundFile<S> {
  readonly path: string;
  readonly source: S;
}

/** The first of these files in the folder that FOVEA_WEIGHTS names, then in the cache; undefined where there is none. */
export async function findWeightFile<S extends { readonly file: string }>(
  sources: readonly S[],
): Promise<FoundFile<S> | undefined> {
  const { FOVEA_WEIGHTS } = process.env;
  for (const folder of [...(FOVEA_WEIGHTS ? [FOVEA_WEIGHTS] : []), weightCache()]) {
    for (const source of sources) {
      const path = join(folder, source.file);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile()) return { path, source };
    }
  }
  return undefined;
}

/** What to put where for one of these sources, to be said where there is no network or no address. */
export function placingRemedy(sources: readonly WeightSource[], otherwise = ''): string {
  const files = sources.map(({ file, url }) => `  ${file}${url === undefined ? '' : `\n    ${url}`}`).join('\n');
  const which = sources.length === 1 ? 'this file' : 'one of these files';
  return `Put ${which} into ${weightCache()}, or into a folder that FOVEA_WEIGHTS names${otherwise}:\n${files}\n`;
}

/** Fetches weights into the cache, going on where an earlier attempt ended, and returns the file's path. */
export async function fetchWeights(source: WeightSource, remedy: string, terminal: Terminal): Promise<string> {
  if (source.url === undefined) {
    const rule = 'no address is known for these weights';
    throw new FoveaError('file', { where: `weights "${source.id}"`, rule, remedy });
  }
  const path = join(weightCache(), source.file);
  const bar = new ProgressBar(terminal.stderr);
  if (!terminal.stderr.isTerminal) terminal.stderr.write(`Downloading ${source.file}, once …\n`);
  try {
    await download(
      { ...source, urls: [source.url], path },
      {
        ...{ signal: terminal.signal, remedy: `Without a network: ${remedy}`, resume: true },
        onProgress: ({ bytes, totalBytes = bytes }) =>
          bar.draw(`Downloading ${source.file}`, bytes / totalBytes, () => megabytes(bytes)),
      },
    );
  } finally {
    bar.clear();
  }
  return path;
}
