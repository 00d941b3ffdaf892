import { importFovea } from './foveaModules.mjs';

/** Values of which one pass is made: `y` forward, `dx` and `dw` the gradients of input and filters. */
function passes(fovea, graph, { op, input, output, kernel, stride, pad, batch }) {
  const variable = (name, shape) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return graph.variable(new fovea.Variable(name, shape, () => new Float32Array(size).fill(0.01)));
  };
  if (op === 'dense') {
    const [rows, columns] = [input.reduce((a, b) => a * b, 1), output[0]];
    const product = (a, b, attributes) => graph.emit('matMul', [a, b], attributes)[0];
    const plain = { transposeA: false, transposeB: false };
    return {
      y: () => product(variable('x', [batch, rows]), variable('w', [rows, columns]), plain),
      dx: () =>
        product(variable('dy', [batch, columns]), variable('w', [rows, columns]), { ...plain, transposeB: true }),
      dw: () => product(variable('x', [batch, rows]), variable('dy', [batch, columns]), { ...plain, transposeA: true }),
    };
  }
  const [h, w, c] = input;
  const k = output[2];
  const window = { strides: [stride, stride], dilations: [1, 1], padding: [pad, pad, pad, pad], groups: 1 };
  const x = () => variable('x', [batch, h, w, c]);
  const filter = () => variable('w', [kernel, kernel, c, k]);
  const dy = () => variable('dy', [batch, ...output]);
  return {
    y: () => graph.emit('conv2d', [x(), filter()], window)[0],
    dx: () => graph.emit('conv2dInputGradient', [dy(), filter()], { ...window, inputSize: [h, w] })[0],
    dw: () => graph.emit('conv2dFilterGradient', [x(), dy()], { ...window, kernelSize: [kernel, kernel] })[0],
  };
}

/** Seconds of one layer's passes, with the algorithm that the engine chose; nothing goes in or out. */
export async function openLayers({ threads, build }) {
  const fovea = await importFovea();
  const engine = await fovea.createWasmEngine({ threads, ...(build === undefined ? {} : { build }) });
  const measure = async (layer, pass, { steps, limit }) => {
    const graph = new fovea.Graph(fovea.opTable);
    // The guard is a value that the engine looks at after a run, so it must be made, but is not copied. What a forward phase
    // computes from weights alone would be computed once; filters are prepared once even so, as for inference.
    graph.guard = graph.phase('backward', passes(fovea, graph, layer)[pass]);
    const program = await engine.load(engine.plan(graph));
    await program.run({});
    const seconds = [];
    const begin = performance.now();
    while (seconds.length < steps && (seconds.length < 3 || performance.now() - begin < 1000 * limit)) {
      const start = performance.now();
      await program.run({});
      seconds.push((performance.now() - start) / 1000);
    }
    const [{ algorithm }] = program.plan.steps;
    return { seconds, algorithm };
  };
  return { build: engine.description.build, measure, close: () => engine.close() };
}
