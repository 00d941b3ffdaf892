import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { isBuilt } from '../children/foveaModules.mjs';
import { openNetwork } from '../children/foveaNetwork.mjs';
import { timed } from '../children/serve.mjs';
import { lectureCnn } from '../networks/index.mjs';
import { makeMaterial } from '../tools/material.mjs';
import { round } from '../tools/stats.mjs';

const RESOLUTION_MS = 1;
const SETTLE_MS = 25;
const BATCH = 64;

/** How late the event loop's timers are while `work` runs, in milliseconds: 0 is an idle loop. */
async function delaysDuring(work) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  await sleep(SETTLE_MS); // the first interval has no beginning to be measured from
  const result = await work();
  await sleep(SETTLE_MS); // a delay is noted by the timer that comes after it
  histogram.disable();
  const ms = (nanoseconds) => round(Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS), 2);
  const { min, mean, max } = histogram;
  return { result, delays: { min: ms(min), mean: ms(mean), p99: ms(histogram.percentile(99)), max: ms(max) } };
}

function block(milliseconds) {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** The delay of the main thread's event loop while a network is set up and while it trains. */
export async function eventLoop(settings) {
  const title = 'Delay of the event loop of the main thread, ms';
  if (!isBuilt()) return { title, notes: ['left out: Fovea is not built; run npm run build first'] };
  const control = await delaysDuring(async () => block(40));
  if (control.delays.max < 30) throw new Error(`a loop blocked for 40 ms was measured as ${control.delays.max} ms`);
  const idle = await delaysDuring(() => sleep(1000));
  const { remove, ...material } = makeMaterial(lectureCnn, 4 * BATCH);
  const work = { mode: 'train', network: lectureCnn, batch: BATCH, material };
  const setUp = await delaysDuring(() => openNetwork(work, settings));
  const network = setUp.result;
  const steps = settings.rounds * settings.steps;
  const training = await delaysDuring(() => timed(network.step, steps, Number.POSITIVE_INFINITY));
  await network.close();
  remove();
  const measured = { idle: idle.delays, setUp: setUp.delays, training: training.delays };
  return { title, rows: Object.entries(measured).map(([name, delays]) => ({ while: name, ...delays })), ...measured };
}
