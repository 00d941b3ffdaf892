import type { JsonObject } from '../../layers/json.js';
import { suggestName } from '../../tensor/nearest.js';
import { activationNames, initializerNames } from './activationNames.js';
import type { JsonValue } from './jsonValue.js';

/** Where what was left out is noted. */
export type Note = (text: string) => void;

/** The class and the configuration of a thing that Keras describes by name, or by class and configuration. */
function described(value: JsonValue): { name: string; config: JsonValue } {
  if (typeof value.value === 'string') return { name: value.value, config: value.get('config') };
  const name = value.get('class_name', 'name').text();
  const config = value.get('config');
  return name === 'function'
    ? { name: config.text(), config: config.get('') }
    : { name, config: config.present ? config : value };
}

const plain = (name: string): string => name.replace(/[_\s]/g, '').toLowerCase();

/** An activation: a name of Keras's, or one of its activation layers. @throws FoveaError `format` for one unknown here. */
export function activationFromKeras(value: JsonValue): JsonObject | string | undefined {
  if (!value.present) return undefined;
  const { name, config } = described(value);
  if (Object.hasOwn(activationNames, name)) return activationNames[name];
  switch (name) {
    case 'ReLU':
      return {
        type: 'relu',
        ...optional('maxValue', config.get('max_value')),
        ...optional('negativeSlope', config.get('negative_slope')),
      };
    case 'LeakyReLU':
      return { type: 'leakyRelu', negativeSlope: slope(config, 0.3) };
    case 'ELU':
      return { type: 'elu', ...optional('alpha', config.get('alpha')) };
    case 'Softmax':
      return 'softmax';
    default:
      return value.fail(
        `must be an activation that is known here. ${suggestName(name, Object.keys(activationNames))} It`,
      );
  }
}

/** `negative_slope`, which Keras 1 and 2 call alpha. */
export function slope(config: JsonValue, otherwise: number): number {
  const given = config.get('negative_slope', 'alpha');
  return given.present ? given.number() : otherwise;
}

function optional(name: string, value: JsonValue): JsonObject {
  return value.present ? { [name]: value.number() } : {};
}

/** An initialiser; what is unknown here is noted and left to the default, as the file's weights take its place. */
export function initializerFromKeras(value: JsonValue, note: Note): JsonObject | string | undefined {
  if (!value.present) return undefined;
  const { name, config } = described(value);
  const known = Object.entries(initializerNames).find(([keras]) => plain(keras) === plain(name));
  if (known !== undefined) return known[1];
  switch (plain(name)) {
    case 'zero':
      return 'zeros';
    case 'one':
      return 'ones';
    case 'constant':
      return typeof config.get('value').value === 'number'
        ? { type: 'constant', ...optional('value', config.get('value')) }
        : undefined;
    case 'randomnormal':
    case 'normal':
    case 'truncatednormal':
      return {
        type: plain(name) === 'truncatednormal' ? 'truncatedNormal' : 'randomNormal',
        ...optional('mean', config.get('mean')),
        ...optional('standardDeviation', config.get('stddev')),
      };
    case 'randomuniform':
    case 'uniform':
      return {
        type: 'randomUniform',
        ...optional('min', config.get('minval')),
        ...optional('max', config.get('maxval')),
      };
    case 'orthogonal':
    case 'orthogonalinitializer':
      return { type: 'orthogonal', ...optional('gain', config.get('gain')) };
    case 'identity':
    case 'identityinitializer':
      return { type: 'identity', ...optional('gain', config.get('gain')) };
    case 'variancescaling':
      return varianceScaling(config);
    default:
      note(`the initializer ${JSON.stringify(name.slice(0, 60))} is not known here: the default takes its place`);
      return undefined;
  }
}

/** Keras 1 and 2 write Glorot's, He's and LeCun's initialisers as what they are made of. */
function varianceScaling(config: JsonValue): string | undefined {
  const [scale, mode, distribution] = ['scale', 'mode', 'distribution'].map((name) => config.get(name).value);
  const kind = String(distribution).endsWith('uniform') ? 'Uniform' : 'Normal';
  if (scale === 2 && mode === 'fan_in') return `he${kind}`;
  if (scale === 1 && mode === 'fan_in') return `lecun${kind}`;
  return scale === 1 && mode === 'fan_avg' ? `glorot${kind}` : undefined;
}

/** A regulariser; one unknown here is noted and left out. */
export function regularizerFromKeras(value: JsonValue, note: Note): JsonObject | undefined {
  if (!value.present) return undefined;
  const { name, config } = described(value);
  if (!['l1', 'l2', 'l1l2', 'weightregularizer', 'l1l2regularizer'].includes(plain(name))) {
    note(`the regularizer ${JSON.stringify(name.slice(0, 60))} is not known here and was left out`);
    return undefined;
  }
  const factor = (key: string): number =>
    config.get(key).present ? config.get(key).number() : plain(name) === key ? 0.01 : 0;
  const [l1, l2] = [factor('l1'), factor('l2')];
  if (l1 === 0 && l2 === 0) return undefined;
  return l2 === 0 ? { type: 'l1', l1 } : l1 === 0 ? { type: 'l2', l2 } : { type: 'l1l2', l1, l2 };
}

/** A constraint; one unknown here is noted and left out. */
export function constraintFromKeras(value: JsonValue, note: Note): JsonObject | undefined {
  if (!value.present) return undefined;
  const { name, config } = described(value);
  const axis = config.get('axis').present ? { axis: config.get('axis').value as number } : {};
  switch (plain(name)) {
    case 'nonneg':
      return { type: 'nonNegative' };
    case 'maxnorm':
      return { type: 'maxNorm', ...optional('maxValue', config.get('max_value', 'm')), ...axis };
    case 'unitnorm':
      return { type: 'unitNorm', ...axis };
    case 'minmaxnorm':
      return {
        type: 'minMaxNorm',
        ...optional('minValue', config.get('min_value')),
        ...optional('maxValue', config.get('max_value')),
        ...optional('rate', config.get('rate')),
        ...axis,
      };
    default:
      note(`the constraint ${JSON.stringify(name.slice(0, 60))} is not known here and was left out`);
      return undefined;
  }
}
