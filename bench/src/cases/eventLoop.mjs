import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFovea } from '../subjects/fovea.mjs';
import { round } from '../tools/stats.mjs';
import { lectureCnn } from './lectureCnn.mjs';

const RESOLUTION_MS = 1;
const SETTLE_MS = 25;

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
  const control = await delaysDuring(async () => block(40));
  if (control.delays.max < 30) throw new Error(`a loop blocked for 40 ms was measured as ${control.delays.max} ms`);
  const idle = await delaysDuring(() => sleep(1000));
  const setUp = await delaysDuring(() => openFovea(lectureCnn, settings));
  const subject = setUp.result;
  if (subject.unavailable !== undefined)
    return { title, notes: [`left out: ${subject.unavailable}`], idle: idle.delays };
  const training = await delaysDuring(() => subject.run(settings.rounds * settings.steps));
  await subject.close();
  const measured = { idle: idle.delays, setUp: setUp.delays, training: training.delays };
  return { title, rows: Object.entries(measured).map(([name, delays]) => ({ while: name, ...delays })), ...measured };
}
