// Draws docs/picture.svg for the README, from a real run: digits that the library draws, the filters of a first layer
// before and after training, and the loss of every step. `npm run build && node scripts/picture.mjs`; about half a minute.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  adam,
  conv2d,
  dense,
  digits,
  evaluate,
  fit,
  flatten,
  input,
  l2,
  maxPooling2d,
  oneCycle,
  sequential,
} from 'fovea';

const target = join(dirname(fileURLToPath(import.meta.url)), '../docs/picture.svg');
const FILTERS = 12;
const KERNEL = 7;
const EPOCHS = 6;

const { train, test } = digits({ train: 12_000, test: 2_000 });
const model = sequential([
  input([28, 28, 1]),
  conv2d({ filters: FILTERS, kernelSize: KERNEL, activation: 'relu', kernelRegularizer: l2(0.003) }), // [22, 22, 12]
  maxPooling2d(), // [11, 11, 12]
  conv2d({ filters: 32, kernelSize: 3, activation: 'relu' }), // [9, 9, 32]
  maxPooling2d(), // [4, 4, 32]
  flatten(), // [512]
  dense({ units: 10, activation: 'softmax' }),
]);

/** The kernels [7, 7, 1, 12] of the first layer, each as a list of rows. */
async function firstFilters() {
  const [kernel] = await model.layer(0).getWeights();
  return Array.from({ length: FILTERS }, (_, f) => kernel.data.filter((_value, i) => i % FILTERS === f));
}

const losses = [];
const before = await firstFilters();
await fit(model, train, {
  ...{ loss: 'categoricalCrossentropy', epochs: EPOCHS, batchSize: 64, trainSample: 0 },
  optimizer: adam({ learningRate: oneCycle({ maxLearningRate: 0.005 }) }),
  callbacks: [{ onBatchEnd: (_run, { loss }) => void losses.push(loss) }],
});
const after = await firstFilters();
const { accuracy } = await evaluate(model, test, {
  ...{ loss: 'categoricalCrossentropy', metrics: ['accuracy'], batchSize: 100 },
});

/** One path per shade: a picture of h × w numbers as levels 1, 2, 3 …, 0 left out, `at` and `scale` in pixels. */
function shadePaths(level, w, h, [left, top], scale, paths) {
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; ) {
      const here = level(y * w + x);
      let end = x + 1;
      while (end < w && level(y * w + end) === here) end++;
      if (here !== 0) {
        const [px, py] = [left + x * scale, top + y * scale].map((value) => +value.toFixed(1));
        const width = +((end - x) * scale).toFixed(1);
        paths.set(here, `${paths.get(here) ?? ''}M${px} ${py}h${width}v${scale}h-${width}z`);
      }
      x = end;
    }
  }
}

const pathsOf = (paths, fill) => [...paths].map(([level, d]) => `<path d="${d}" ${fill(level)}/>`).join('\n');

/** Test digits side by side, ink in four shades. */
async function drawDigits(left, top, columns, rows, scale, gap) {
  const { x } = await test.batch(Uint32Array.from({ length: columns * rows }, (_, i) => i));
  const side = 28 * scale;
  const paths = new Map();
  for (let i = 0; i < columns * rows; i++) {
    const at = [left + (i % columns) * (side + gap), top + Math.floor(i / columns) * (side + gap)];
    shadePaths((j) => Math.round(4 * x.data[i * 784 + j]), 28, 28, at, scale, paths);
  }
  return pathsOf(paths, (level) => `class="ink" fill-opacity="${level / 4}"`);
}

/** Filters side by side: blue adds, orange takes away; the strongest weight of a filter has the full color. */
function drawFilters(filters, left, top, columns, scale, gap) {
  const paths = new Map();
  const frames = [];
  for (const [i, filter] of filters.entries()) {
    const most = filter.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const side = KERNEL * scale;
    const at = [left + (i % columns) * (side + gap), top + Math.floor(i / columns) * (side + gap)];
    frames.push(`<rect class="tile" x="${at[0]}" y="${at[1]}" width="${side}" height="${side}"/>`);
    shadePaths((j) => Math.round((5 * filter[j]) / most), KERNEL, KERNEL, at, scale, paths);
  }
  const drawn = pathsOf(
    paths,
    (level) => `class="${level > 0 ? 'adds' : 'takes'}" fill-opacity="${Math.abs(level) / 5}"`,
  );
  return `${frames.join('')}\n${drawn}`;
}

/** The loss of every step, thin, and its running mean, on a logarithmic scale. */
function drawCurve(left, top, width, height) {
  const [low, high] = [0.01, 3];
  const x = (step) => (left + (width * step) / (losses.length - 1)).toFixed(1);
  const y = (loss) => {
    const share = Math.log(Math.max(low, Math.min(high, loss)) / low) / Math.log(high / low);
    return (top + height * (1 - share)).toFixed(1);
  };
  let mean = losses[0];
  const smooth = losses.map((loss) => {
    mean = 0.95 * mean + 0.05 * loss;
    return mean;
  });
  const line = (values) => values.map((loss, step) => `${step === 0 ? 'M' : 'L'}${x(step)} ${y(loss)}`).join('');
  const grid = [2, 0.5, 0.1, 0.02].map(
    (loss) =>
      `<path class="grid" d="M${left} ${y(loss)}h${width}"/><text class="small" x="${left - 6}" y="${+y(loss) + 4}" text-anchor="end">${loss}</text>`,
  );
  const perEpoch = losses.length / EPOCHS;
  const ticks = Array.from({ length: EPOCHS }, (_, epoch) => {
    const at = x(Math.min(losses.length - 1, (epoch + 1) * perEpoch));
    return `<text class="small" x="${at}" y="${top + height + 16}" text-anchor="middle">${epoch + 1}</text>`;
  });
  return [
    ...grid,
    `<path class="thin" d="${line(losses)}"/>`,
    `<path class="curve" d="${line(smooth)}"/>`,
    ...ticks,
  ].join('\n');
}

const percent = (100 * accuracy).toFixed(1);
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 292" width="960" height="292" role="img" aria-labelledby="title description">
<title id="title">A network learns to read drawn digits</title>
<desc id="description">Left, digits; in the middle, twelve filters of the first layer before and after training; right, the loss falling step by step. Made by scripts/picture.mjs.</desc>
<style>
text { font: 14px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
.small { font-size: 12px; fill: #59636e }
.ink { fill: #1f2328 } .tile { fill: #f3f4f6 } .adds { fill: #1d4ed8 } .takes { fill: #c2410c }
.grid { stroke: #d1d9e0; fill: none } .thin { stroke: #1d4ed8; stroke-opacity: .25; fill: none } .curve { stroke: #1d4ed8; stroke-width: 2; fill: none }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .small { fill: #9198a1 }
.ink { fill: #f0f6fc } .tile { fill: #1c222b } .adds { fill: #60a5fa } .takes { fill: #fb923c }
.grid { stroke: #3d444d } .thin { stroke: #60a5fa } .curve { stroke: #60a5fa }
}
</style>
<text x="16" y="24">Digits, drawn by the library</text>
${await drawDigits(16, 40, 6, 5, 1.5, 4)}
<text x="316" y="24">12 filters of 7 × 7, before …</text>
${drawFilters(before, 316, 40, 6, 5.5, 7)}
<text x="316" y="160">… and after training</text>
${drawFilters(after, 316, 174, 6, 5.5, 7)}
<text class="small" x="316" y="284"><tspan class="adds" fill-opacity="1">■</tspan> adds  <tspan class="takes">■</tspan> takes away</text>
<text x="640" y="24">Loss over six epochs</text>
<text class="small" x="944" y="88" text-anchor="end">${percent} % right on new digits</text>
${drawCurve(672, 44, 272, 204)}
</svg>
`;
await mkdir(dirname(target), { recursive: true });
await writeFile(target, svg);
process.stdout.write(
  `${target}: ${losses.length} steps, test accuracy ${percent} %, ${(svg.length / 1024).toFixed(0)} kB\n`,
);
