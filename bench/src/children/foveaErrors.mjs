import { importFovea } from './foveaModules.mjs';

/** Standard normal numbers, the same on every run. */
function normals(seed) {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** What a layer inside a network sees: rectified activations, He-initialized filters, gradients of both signs. */
function numbers({ n, size, c, k }) {
  const normal = normals(1);
  const make = (length, next) => Float32Array.from({ length }, next);
  const deviation = Math.sqrt(2 / (9 * c));
  return {
    x: make(n * size * size * c, () => Math.max(0, normal())),
    w: make(9 * c * k, () => deviation * normal()),
    dy: make(n * size * size * k, () => normal() / (n * size * size)),
  };
}

/**
 * Sums in float64 by the definition, of pixels and filters that are spread evenly over the result: a share is enough to know
 * the error, and all of a large layer would take an hour.
 *
 * @returns for each pass `[index in the result, sum]`.
 */
function definition({ n, size, c, k }, { x, w, dy }, samples) {
  const inside = (i) => i >= 0 && i < size;
  const spread = (count) => Array.from({ length: samples }, (_, i) => Math.floor((i * 0.6180339887 * count) % count));
  const y = spread(n * size * size * k).map((index) => {
    const [co, pixel] = [index % k, Math.floor(index / k)];
    const [ox, oy, image] = [pixel % size, Math.floor(pixel / size) % size, Math.floor(pixel / size / size)];
    let sum = 0;
    for (let tap = 0; tap < 9; tap++) {
      const [iy, ix] = [oy + Math.floor(tap / 3) - 1, ox + (tap % 3) - 1];
      if (!inside(iy) || !inside(ix)) continue;
      const at = ((image * size + iy) * size + ix) * c;
      for (let ci = 0; ci < c; ci++) sum += x[at + ci] * w[(tap * c + ci) * k + co];
    }
    return [index, sum];
  });
  const dx = spread(n * size * size * c).map((index) => {
    const [ci, pixel] = [index % c, Math.floor(index / c)];
    const [ix, iy, image] = [pixel % size, Math.floor(pixel / size) % size, Math.floor(pixel / size / size)];
    let sum = 0;
    for (let tap = 0; tap < 9; tap++) {
      const [oy, ox] = [iy - Math.floor(tap / 3) + 1, ix - (tap % 3) + 1];
      if (!inside(oy) || !inside(ox)) continue;
      const at = ((image * size + oy) * size + ox) * k;
      for (let co = 0; co < k; co++) sum += dy[at + co] * w[(tap * c + ci) * k + co];
    }
    return [index, sum];
  });
  const dw = spread(9 * c * k).map((index) => {
    const [co, ci, tap] = [index % k, Math.floor(index / k) % c, Math.floor(index / k / c)];
    let sum = 0;
    for (let pixel = 0; pixel < n * size * size; pixel++) {
      const [ox, oy, image] = [pixel % size, Math.floor(pixel / size) % size, Math.floor(pixel / size / size)];
      const [iy, ix] = [oy + Math.floor(tap / 3) - 1, ox + (tap % 3) - 1];
      if (inside(iy) && inside(ix)) sum += x[((image * size + iy) * size + ix) * c + ci] * dy[pixel * k + co];
    }
    return [index, sum];
  });
  return { y, dx, dw };
}

/** Largest and root mean square difference from the sums, in shares of the largest of them. */
function errorOf(result, sums) {
  const largest = Math.max(...sums.map(([, sum]) => Math.abs(sum)));
  const differences = sums.map(([index, sum]) => Math.abs(result[index] - sum) / largest);
  const squares = differences.reduce((total, difference) => total + difference * difference, 0);
  return { max: Math.max(...differences), rms: Math.sqrt(squares / differences.length) };
}

/**
 * How far each algorithm is from the definition in float64, for a 3 × 3 convolution `n × size × size × c → k` with padding 1:
 * `[{ algorithm, pass, max, rms }]`, errors in shares of the largest sum.
 */
export async function algorithmErrors({ shape, samples, threads, build }) {
  const fovea = await importFovea();
  const { n, size, c, k } = shape;
  const given = numbers(shape);
  const sums = definition(shape, given, samples);
  const rows = [];
  let description;
  for (const convolution of ['direct', 'winograd']) {
    const engine = await fovea.createWasmEngine({ threads, convolution, ...(build === undefined ? {} : { build }) });
    description = engine.description;
    const graph = new fovea.Graph(fovea.opTable);
    const [x, w, dy] = [
      graph.input('x', [n, size, size, c]),
      graph.input('w', [3, 3, c, k]),
      graph.input('dy', [n, size, size, k]),
    ];
    const window = { strides: [1, 1], dilations: [1, 1], padding: [1, 1, 1, 1], groups: 1 };
    const passes = {
      y: graph.emit('conv2d', [x, w], { ...window, activation: 'linear' })[0],
      dx: graph.emit('conv2dInputGradient', [dy, w], { ...window, inputSize: [size, size] })[0],
      dw: graph.emit('conv2dFilterGradient', [x, dy], { ...window, kernelSize: [3, 3] })[0],
    };
    for (const [pass, value] of Object.entries(passes)) graph.output(pass, value);
    const plan = engine.plan(graph);
    const { outputs } = await (await engine.load(plan)).run(given);
    for (const [pass, value] of Object.entries(passes)) {
      const { algorithm } = plan.steps.find(({ node }) => node.outputs.includes(value));
      rows.push({ pass, algorithm, ...errorOf(outputs[pass], sums[pass]) });
    }
    await engine.close();
  }
  return { rows, build: description.build };
}
