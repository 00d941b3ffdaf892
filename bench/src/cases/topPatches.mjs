import { importFovea, isBuilt } from '../children/foveaModules.mjs';
import { median, round } from '../tools/stats.mjs';

const PHOTOS = 1000;
const KINDS = 64;
const BLOCK = 250;
const BATCH = 32;
const SIZE = 224 * 224 * 3;

/** As many different photos as wanted, without the time that decoding takes: it would only make the ratio smaller. */
function photos({ Tensor }) {
  const base = Float32Array.from({ length: KINDS * SIZE }, (_, i) => Math.sin(i * 0.37) * Math.cos((i % 4099) * 0.11));
  return (first, count) => ({
    ...{ size: count, inputShape: [224, 224, 3], labels: new Int32Array(count) },
    async batch(indices) {
      const x = new Float32Array(indices.length * SIZE);
      for (const [at, index] of indices.entries()) {
        const from = ((first + index) % KINDS) * SIZE;
        const contrast = 1 - (first + index) / (2 * PHOTOS);
        for (let i = 0; i < SIZE; i++) x[at * SIZE + i] = base[from + i] * contrast;
      }
      const n = indices.length;
      return { x: new Tensor(x, [n, 224, 224, 3]), y: new Tensor(new Int32Array(n), [n]) };
    },
  });
}

/** What finding the top patches of every unit of MobileNet adds to evaluating 1,000 photos. */
export async function topPatches(settings) {
  const title = 'Top patches of MobileNet’s units over 1,000 photos, found while evaluating';
  if (!isBuilt()) return { title, notes: ['left out: Fovea is not built; run npm run build first'] };
  const fovea = await importFovea();
  const engine = await fovea.createWasmEngine(settings.threads === undefined ? {} : { threads: settings.threads });
  const model = fovea.mobileNet();
  const part = photos(fovea);
  const loss = 'sparseCategoricalCrossentropy';
  const measure = async (first, observers) => {
    const [start, before] = [performance.now(), process.cpuUsage()];
    await fovea.evaluate(model, part(first, BLOCK), { loss, engine, batchSize: BATCH, observers });
    const { user, system } = process.cpuUsage(before);
    return { ms: performance.now() - start, cpu: (user + system) / 1000 };
  };
  const list = (count) => ({ names: Array.from({ length: count }, (_, i) => `${i}`) });
  await measure(0, []);
  const times = { evaluating: [], withPatches: [] };
  // The sides take turns in blocks, so that whatever else the machine does meets both.
  for (let first = 0; first < PHOTOS; first += BLOCK) {
    times.evaluating.push(await measure(first, []));
    times.withPatches.push(await measure(first, [new fovea.TopPatches(model, list(BLOCK))]));
    times.withPatches.push(await measure(first, [new fovea.TopPatches(model, list(BLOCK))]));
    times.evaluating.push(await measure(first, []));
  }
  await engine.close();
  const of = (side, what) => median(times[side].map((one) => one[what] / BLOCK));
  const rows = Object.keys(times).map((side) => ({
    side,
    ...{ 'ms a photo': round(of(side, 'ms'), 1), 'CPU ms a photo': round(of(side, 'cpu'), 1) },
  }));
  const ratios = {
    byTime: round(of('withPatches', 'ms') / of('evaluating', 'ms'), 3),
    byProcessorTime: round(of('withPatches', 'cpu') / of('evaluating', 'cpu'), 3),
  };
  return {
    title,
    rows,
    ...ratios,
    notes: [`with patches ÷ without: ${ratios.byTime} by time, ${ratios.byProcessorTime} by processor time`],
  };
}
