import { show } from '../../layers/options.js';
import { FoveaError } from '../../tensor/errors.js';
import { suggestName } from '../../tensor/nearest.js';
import { accuracy } from './accuracy.js';
import { confusionMatrix } from './confusionMatrix.js';
import type { Metric } from './metric.js';
import { f1, precision, recall } from './precisionRecall.js';
import { topK } from './topK.js';

const factories = { accuracy, topK: () => topK(), precision, recall, f1, confusionMatrix };

/** The metrics by name: each with its defaults. */
export type MetricName = keyof typeof factories;

/** Metrics from names or themselves. Throws `option` for an unknown name, `name` for two of one name. */
export function metricsFrom(specs: readonly (Metric | MetricName)[]): Metric[] {
  const metrics = specs.map((spec) => {
    if (typeof spec === 'object' && spec !== null) return spec;
    if (typeof spec === 'string' && Object.hasOwn(factories, spec)) return factories[spec]();
    throw new FoveaError('option', {
      where: 'metrics',
      rule: `there is no metric ${show(spec)}`,
      remedy: suggestName(String(spec), Object.keys(factories)),
    });
  });
  const names = ['loss', ...metrics.map((metric) => metric.name)];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new FoveaError('name', { where: 'metrics', rule: `two of them are named "${twice}"` });
  }
  return metrics;
}
