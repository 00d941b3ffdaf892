import type { LearningRateCurve } from '../../train/findLearningRate.js';
import { columns } from '../format.js';

/** Lines that show enough of a curve. */
const LINES = 20;
const BAR = 40;

/** A curve as lines: learning rate, smoothed loss, and a bar as long as the loss is high. */
export function curveText({ points }: LearningRateCurve): string[] {
  const every = Math.max(1, Math.ceil(points.length / LINES));
  const shown = points.filter((_, i) => i % every === 0);
  const most = Math.max(...points.slice(0, Math.ceil(points.length / 2)).map(({ smoothed }) => smoothed));
  return columns(
    [
      ['learning rate', 'loss'],
      ...shown.map(({ learningRate, smoothed }) => [
        ...[rateText(learningRate), smoothed.toFixed(4)],
        '━'.repeat(Math.round(BAR * Math.min(1.2, smoothed / most))),
      ]),
    ],
    new Set([0, 1]),
  );
}

/** A learning rate in two digits. */
export function rateText(learningRate: number): string {
  return `${Number(learningRate.toPrecision(2))}`;
}
