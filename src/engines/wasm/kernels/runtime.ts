import { dispatch } from './generated/dispatch';

/** Step number of the guard: every thread reads the same float and stops where it is not finite. */
const GUARD: i32 = -1;

/** How often a thread looks before it sleeps; a look takes a few nanoseconds. */
const SPINS: i32 = 4000;

/**
 * Runs the steps of a program. Every thread calls this with its own number; all walk the same table together, taking
 * the items of a step one by one from a shared counter and meeting at a barrier behind each step.
 *
 * A step is four words: kernel, items, parameters, and the counter (zero at the start). `control` holds three words:
 * threads that arrived, generation of the barrier, and whether the guard stopped the run.
 *
 * @returns 1 where all steps ran, 0 where the guard stopped them.
 */
export function run(table: usize, steps: i32, control: usize, thread: i32, threads: i32): i32 {
  for (let step = 0; step < steps; step++) {
    const entry = table + (<usize>step << 4);
    const kernel = load<i32>(entry);
    const items = load<i32>(entry, 4);
    const p = <usize>load<u32>(entry, 8);
    if (kernel == GUARD) {
      if (!isFinite<f32>(load<f32>(p))) return 0;
      continue;
    }
    if (threads == 1) {
      for (let item = 0; item < items; item++) dispatch(kernel, p, item, 0);
      continue;
    }
    let item = atomic.add<i32>(entry, 1, 12);
    while (item < items) {
      dispatch(kernel, p, item, thread);
      item = atomic.add<i32>(entry, 1, 12);
    }
    barrier(control, threads);
  }
  return 1;
}

function barrier(control: usize, threads: i32): void {
  const generation = atomic.load<i32>(control, 4);
  if (atomic.add<i32>(control, 1) == threads - 1) {
    atomic.store<i32>(control, 0);
    atomic.store<i32>(control, generation + 1, 4);
    atomic.notify(control + 4, -1);
    return;
  }
  for (let i = 0; i < SPINS; i++) {
    if (atomic.load<i32>(control, 4) != generation) return;
  }
  while (atomic.load<i32>(control, 4) == generation) atomic.wait<i32>(control + 4, generation, -1);
}
