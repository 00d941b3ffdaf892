import { importFovea, isBuilt } from '../children/foveaModules.mjs';
import { median, round } from '../tools/stats.mjs';

const REPEATS = 15;
const SIZE = 224 * 224 * 3;

/**
 * Looking at one photo with MobileNet: what every layer makes of it, and Grad-CAM of the likeliest class over the next. The
 * first call also traces, differentiates and plans; what comes after it has the plans.
 */
export async function explain(settings) {
  const title = 'Activations of all layers and Grad-CAM of a photo, MobileNet';
  if (!isBuilt()) return { title, notes: ['left out: Fovea is not built; run npm run build first'] };
  const fovea = await importFovea(['explain/inspector.js', 'explain/classMap.js']);
  const engine = await fovea.createWasmEngine(settings.threads === undefined ? {} : { threads: settings.threads });
  const model = fovea.mobileNet();
  const photo = (seed) => {
    const data = Float32Array.from({ length: SIZE }, (_, i) => Math.sin(i * 0.37 + seed) * Math.cos((i % 4099) * 0.11));
    return new fovea.Tensor(data, [1, 224, 224, 3]);
  };
  // Weights are made at the first use: that is loading the model, not looking inside it.
  await new fovea.Predictor(model, engine).predict(photo(0));
  const inspector = new fovea.Inspector(model, engine);
  const places = model.layers.map(({ name }) => ({ layer: name }));
  const timed = async (work) => {
    const [start, before] = [performance.now(), process.cpuUsage()];
    await work();
    const { user, system } = process.cpuUsage(before);
    return { ms: performance.now() - start, cpu: (user + system) / 1000 };
  };
  const parts = {
    activations: (x) => inspector.forward(x, places),
    gradCam: (x) => fovea.classMap(inspector, x, { method: 'gradCam' }),
  };
  const first = {};
  const later = { activations: [], gradCam: [] };
  for (const [name, work] of Object.entries(parts)) first[name] = await timed(() => work(photo(1)));
  for (let i = 0; i < REPEATS; i++) {
    for (const [name, work] of Object.entries(parts)) later[name].push(await timed(() => work(photo(i))));
  }
  await engine.close();
  const rows = Object.keys(parts).map((part) => ({
    part,
    'first, ms': round(first[part].ms, 0),
    'first, CPU ms': round(first[part].cpu, 0),
    'again, ms': round(median(later[part].map(({ ms }) => ms)), 0),
    'again, CPU ms': round(median(later[part].map(({ cpu }) => cpu)), 0),
  }));
  const firstSeconds = round((first.activations.ms + first.gradCam.ms) / 1000, 3);
  const againSeconds = round(rows.reduce((sum, row) => sum + row['again, ms'], 0) / 1000, 3);
  return {
    title,
    rows,
    firstSeconds,
    againSeconds,
    notes: [`both: ${firstSeconds} s at first, ${againSeconds} s again`],
  };
}
