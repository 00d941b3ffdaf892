import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { build } from 'esbuild';
import { root } from '../tools/paths.mjs';
import { round } from '../tools/stats.mjs';

/** The public entry with the kernels, bundled for browsers: all of it, as if a page used every name. */
export async function bundleSize() {
  const title = 'Bundle for browsers of the whole public entry, kernels included, kB';
  const entry = join(root, 'dist/index.js');
  if (!existsSync(entry)) return { title, notes: ['left out: there is no dist/index.js; run npm run build first'] };
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    tsconfigRaw: {}, // the project's maps the platform to Node's for the editor
    logLevel: 'silent',
  });
  const [{ contents }] = outputFiles;
  const kB = (bytes) => round(bytes / 1000, 1);
  const measured = {
    minified: kB(contents.length),
    gzipped: kB((await promisify(gzip)(contents, { level: 9 })).length),
    brotli: kB((await promisify(brotliCompress)(contents)).length),
  };
  return { title, rows: [measured], ...measured };
}
