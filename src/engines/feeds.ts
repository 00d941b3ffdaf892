import type { Plan } from '../compile/plan.js';
import { FoveaError } from '../tensor/errors.js';
import { suggestName } from '../tensor/nearest.js';
import { formatShape, sizeOf } from '../tensor/shape.js';
import type { Feeds } from './engine.js';

/** Throws unless the feeds give each input of the plan, in the right kind and number, and nothing else. */
export function checkFeeds(plan: Plan, feeds: Feeds): void {
  for (const name of Object.keys(feeds)) {
    if (!plan.graph.inputs.has(name)) {
      throw new FoveaError('name', {
        where: `feed "${name}"`,
        rule: 'the plan has no such input',
        remedy: suggestName(name, plan.graph.inputs.keys()),
      });
    }
  }
  for (const [name, { value }] of plan.inputs) {
    const data = feeds[name];
    const where = `input "${name}"`;
    if (data === undefined) throw new FoveaError('data', { where, rule: 'no numbers were given for it' });
    if (data.length !== sizeOf(value.shape)) {
      throw new FoveaError('shape', {
        where,
        rule: `the shape ${formatShape(value.shape)} needs ${sizeOf(value.shape)} values`,
        received: `${data.length} values`,
      });
    }
    if (data instanceof Int32Array !== (value.dtype === 'int32')) {
      throw new FoveaError('dtype', { where, rule: `it holds ${value.dtype}`, received: data.constructor.name });
    }
  }
}
