import { parseOptions, real } from '../../layers/options.js';
import type { Schedule } from './schedule.js';

export interface ConstantRateOptions {
  readonly learningRate: number;
}

/** The same learning rate at every step. */
export function constantRate(options: ConstantRateOptions): Schedule {
  const { learningRate } = parseOptions('schedule "constantRate"', { learningRate: real(0) }, options);
  return { type: 'constantRate', options: { learningRate }, at: () => learningRate };
}
