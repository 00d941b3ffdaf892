// Brings the parts of FEATURES.md that are made from the code up to date: ops, ONNX's tests, the zoo.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const path = join(root, 'FEATURES.md');
const folder = await mkdtemp(join(root, 'node_modules/.cache-features-'));
try {
  const outfile = join(folder, 'sections.mjs');
  await build({
    ...{ entryPoints: [join(root, 'test/features/sections.ts')], outfile, bundle: true, format: 'esm' },
    ...{ platform: 'node', packages: 'external', logLevel: 'error' },
    alias: { '#platform': join(root, 'src/engines/wasm/platform/node.ts') },
  });
  const { renewFeatures } = await import(pathToFileURL(outfile).href);
  process.chdir(root);
  const text = await readFile(path, 'utf8');
  const renewed = renewFeatures(text, root);
  if (renewed !== text) await writeFile(path, renewed);
  process.stdout.write(`FEATURES.md ${renewed === text ? 'was up to date' : 'renewed'}\n`);
} finally {
  await rm(folder, { recursive: true });
}
