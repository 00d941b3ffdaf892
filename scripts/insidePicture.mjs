// Draws docs/inside.svg for the README, from a real run: why digits were taken for what they are rather than for the next
// likely, and the patches that excite units most. `npm run build && node scripts/insidePicture.mjs`; about a minute.
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  adam,
  averagePooling2d,
  conv2d,
  createWasmEngine,
  dense,
  digits,
  fit,
  flatten,
  input,
  maxPooling2d,
  oneCycle,
  sequential,
  Tensor,
} from 'fovea';
import {
  dataUri,
  divergingScale,
  encodePng,
  overlayHeat,
  paintMap,
  Raster,
  scaleNearest,
  sequentialScale,
} from 'fovea/draw';
import { classMap, Inspector, observeForward, PatchCutter, TopPatches } from 'fovea/explain';

const target = join(dirname(fileURLToPath(import.meta.url)), '../docs/inside.svg');
const SIDE = 28;
const MAPS = 10;
const [UNITS, PATCHES] = [6, 9];
const LAYER = 'conv2';

const { train, test } = digits({ train: 12_000, test: 2_000 });
// From conv3 on all is linear, so that its map adds up to what the scores are apart.
const model = sequential([
  input([SIDE, SIDE, 1]),
  conv2d({ filters: 16, kernelSize: 5, padding: 'same', activation: 'relu' }), // [28, 28, 16]
  maxPooling2d(), // [14, 14, 16]
  conv2d({ name: LAYER, filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' }), // [14, 14, 32]
  conv2d({ filters: 64, kernelSize: 3, padding: 'same', activation: 'relu' }), // [14, 14, 64]
  averagePooling2d({ poolSize: 2 }), // [7, 7, 64]
  flatten(), // [3136]
  dense({ units: 10, activation: 'softmax' }),
]);
const engine = await createWasmEngine();
await fit(model, train, {
  ...{ engine, loss: 'categoricalCrossentropy', epochs: 4, batchSize: 64 },
  optimizer: adam({ learningRate: oneCycle({ maxLearningRate: 0.003 }) }),
});

/** Paper and ink of pixels [h, w], 0 to 1, each pixel `times` as large. */
function inked(pixels, h, w, times) {
  return scaleNearest(paintMap({ values: pixels, height: h, width: w }, paper), w * times, h * times);
}
const paper = { ...sequentialScale(0, 1), color: (value) => Array(3).fill(Math.round(255 - 215 * value)) };

const png = async (raster) => dataUri(await encodePng(raster));
const picture = async (raster, x, y, side) =>
  `<image x="${x}" y="${y}" width="${side}" height="${side}" href="${await png(raster)}"/>`;

/** Of each digit the one that was nearly taken for another, and where the network saw the difference. */
async function drawMaps(left, top, side, gap) {
  const { x, y } = await test.batch(Uint32Array.from({ length: test.size }, (_, i) => i));
  const inspector = new Inspector(model, engine);
  const closest = new Map();
  for (let at = 0; at < test.size; at += 100) {
    const maps = await classMap(inspector, new Tensor(x.data.slice(at * 784, (at + 100) * 784), [100, SIDE, SIDE, 1]));
    for (const [i, map] of maps.entries()) {
      const label = y.data[at + i];
      const known = closest.get(label);
      if (map.target.class === label && (known === undefined || map.targetValue < known.map.targetValue)) {
        closest.set(label, { map, pixels: x.data.subarray((at + i) * 784, (at + i + 1) * 784) });
      }
    }
  }
  const parts = [];
  for (let digit = 0; digit < MAPS; digit++) {
    const { map, pixels } = closest.get(digit);
    const limit = Math.max(map.range.max, -map.range.min);
    const over = overlayHeat(inked(pixels, SIDE, SIDE, 6), map, divergingScale(limit), { contour: false });
    const at = [left + (digit % 5) * (side + gap), top + Math.floor(digit / 5) * (side + gap + 30)];
    parts.push(
      await picture(over, ...at, side),
      `<text class="small" x="${at[0]}" y="${at[1] + side + 15}">${digit}, not ${map.target.over}: +${map.targetValue.toFixed(1)}</text>`,
    );
  }
  return parts.join('\n');
}

/** The strongest patches of the units that stand out most, one row for each. */
async function drawUnits(left, top, side, gap) {
  const names = Array.from({ length: test.size }, (_, i) => `digit ${i}`);
  const patches = new TopPatches(model, { names }, { layers: [LAYER], top: PATCHES });
  await observeForward(model, engine, test, [patches]);
  const cutter = new PatchCutter(new Inspector(model, engine));
  const units = Array.from({ length: 32 }, (_, channel) => patches.unit(LAYER, channel));
  const selectivity = ({ top: strongest, distribution }) => (strongest[0]?.value ?? 0) / (distribution.median + 0.1);
  const chosen = units.filter((unit) => unit.top.length === PATCHES).sort((a, b) => selectivity(b) - selectivity(a));
  const parts = [];
  for (const [row, unit] of chosen.slice(0, UNITS).entries()) {
    const y = top + row * (side + gap);
    parts.push(`<text class="small" x="${left}" y="${y + side / 2 + 4}">unit ${unit.channel}</text>`);
    for (const [column, patch] of unit.top.entries()) {
      const { x } = await test.batch(Uint32Array.of(patch.photo));
      const { region } = await cutter.region(x, LAYER, unit.channel, [patch.y, patch.x]);
      parts.push(await picture(cut(x.data, region), left + 56 + column * (side + gap), y, side));
    }
  }
  return parts.join('\n');
}

/** A region of a digit; what lies outside the digit is gray. */
function cut(pixels, { top, left, height, width }) {
  const raster = new Raster(width, height);
  raster.fill([200, 200, 200]);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [v, u] = [top + y, left + x];
      if (v >= 0 && v < SIDE && u >= 0 && u < SIDE) raster.set(x, y, paper.color(pixels[v * SIDE + u]));
    }
  }
  return scaleNearest(raster, width * 4, height * 4);
}

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 300" width="960" height="300" role="img" aria-labelledby="title description">
<title id="title">Looking inside a network that reads digits</title>
<desc id="description">Left, ten digits with a map of what spoke for the right class, blue, and for the next likely, orange; right, the patches that excite six units most. Made by scripts/insidePicture.mjs.</desc>
<style>
text { font: 14px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
.small { font-size: 12px; fill: #59636e } .for { fill: #1d4ed8 } .against { fill: #c2410c }
image { image-rendering: pixelated }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .small { fill: #9198a1 } .for { fill: #60a5fa } .against { fill: #fb923c }
}
</style>
<text x="16" y="24">Why this and not the next likely?</text>
${await drawMaps(16, 40, 84, 12)}
<text class="small" x="16" y="292"><tspan class="for">■</tspan> speaks for it  <tspan class="against">■</tspan> speaks for the other; map and bias add up to the number</text>
<text x="536" y="24">What excites six units of the second layer most</text>
${await drawUnits(536, 40, 36, 5)}
</svg>
`;
await writeFile(target, svg);
await engine.close();
process.stdout.write(`${target}: ${(svg.length / 1024).toFixed(0)} kB\n`);
