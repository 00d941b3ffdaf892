import type { Shape } from '../../../tensor/shape.js';

/** One axis of a walk over several arrays: its size, and how far each array advances along it. */
export interface WalkAxis {
  readonly size: number;
  readonly steps: readonly number[];
}

/**
 * The fewest axes that walk `shape` in scan order over arrays with the given strides: axes of size 1 go, and neighbours
 * along which every array advances evenly become one.
 */
export function walkAxes(shape: Shape, strides: readonly (readonly number[])[]): WalkAxis[] {
  const axes: WalkAxis[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    if (size === 1) continue;
    const steps = strides.map((own) => own[axis] as number);
    const last = axes[0];
    if (last?.steps.every((step, i) => steps[i] === step * last.size)) {
      axes[0] = { size: size * last.size, steps: last.steps };
    } else {
      axes.unshift({ size, steps });
    }
  }
  return axes;
}
