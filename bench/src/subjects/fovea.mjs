import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tools/paths.mjs';

const NAME = 'Fovea';

/**
 * Fovea as it is built in dist/, in this process, its kernels in workers.
 *
 * @returns `{ name, version, details: { parameters, threads, settings }, run(steps) → Promise<seconds[]>, close() }`, or
 *   `{ name, unavailable }` where it is not built.
 */
export async function openFovea(_network, _settings) {
  if (!existsSync(join(root, 'dist/index.js'))) {
    return { name: NAME, unavailable: 'there is no dist/index.js; run npm run build first' };
  }
  return { name: NAME, unavailable: 'src/subjects/fovea.mjs does not build the network yet' };
}
