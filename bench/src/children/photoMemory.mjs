import { join } from 'node:path';
import { root } from '../tools/paths.mjs';

// Decodes all photos of a folder again and again, and writes the resident memory after each pass.
const [folder, passes] = process.argv.slice(2);
const { photoFolder } = await import(join(root, 'dist/node.js'));
const { train } = await photoFolder(folder, { size: 224, duplicates: 'keep', validation: 0 });
const BATCH = 32;
const megabytes = [];
const began = performance.now();
for (let pass = 0; pass < Number(passes); pass++) {
  let most = 0;
  for (let start = 0; start < train.size; start += BATCH) {
    const indices = Uint32Array.from({ length: Math.min(BATCH, train.size - start) }, (_, i) => start + i);
    train.expect(indices.map((i) => (i + BATCH) % train.size));
    await train.batch(indices);
    most = Math.max(most, process.memoryUsage().rss);
  }
  megabytes.push(Math.round(most / 1e6));
}
const seconds = (performance.now() - began) / 1000;
process.stdout.write(`${JSON.stringify({ megabytes, photosPerSecond: (Number(passes) * train.size) / seconds })}\n`);
