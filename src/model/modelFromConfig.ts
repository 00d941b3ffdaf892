import * as v from 'valibot';
import { InputLayer, input } from '../layers/input.js';
import type { Layer } from '../layers/layer.js';
import { LayerOutput } from '../layers/layerOutput.js';
import { oneOf, type Parsed, parseOptions, shape, whole } from '../layers/options.js';
import { type CustomLayerFactory, layerFromConfig } from '../layers/registry.js';
import { FoveaError } from '../tensor/errors.js';
import { model } from './functional.js';
import type { Model } from './model.js';
import { sequential } from './sequential.js';

/** More than any network has; a description that claims more is refused before anything is built. */
const MOST = 20_000;

const list = <S extends v.GenericSchema>(item: S) =>
  v.pipe(v.array(item, 'must be a list'), v.maxLength(MOST, `must have at most ${MOST} entries`));

const text = v.pipe(v.string('must be a text'), v.maxLength(200, 'must have at most 200 characters'));

const layerEntry = v.strictObject(
  { type: text, config: v.custom<object>((value) => typeof value === 'object' && value !== null, 'must be an object') },
  'must be an object with type and config',
);

const commonEntries = {
  kind: oneOf(['sequential', 'functional']),
  name: text,
  seed: whole(0),
  layers: list(layerEntry),
};

const sequentialEntries = { ...commonEntries, inputShape: v.optional(shape()) };

const functionalEntries = {
  ...commonEntries,
  nodes: list(v.strictObject({ layer: whole(0), inputs: list(whole(0)) }, 'must be an object with layer and inputs')),
  inputs: list(whole(0)),
  outputs: list(whole(0)),
};

/**
 * Builds a model, without the values of its weights, from the description that `toConfig` gives. The description may
 * come from anywhere: everything is checked.
 *
 * @param custom factories of the user's own layers that occur in it.
 * @throws FoveaError where something is missing, unknown or out of range.
 */
export function modelFromConfig(
  config: unknown,
  options: { readonly custom?: readonly CustomLayerFactory[] } = {},
): Model {
  const kind = (config as { kind?: unknown } | null | undefined)?.kind;
  if (kind === 'functional')
    return functionalFrom(parseOptions('model configuration', functionalEntries, config), options);
  const { layers, inputShape, name, seed } = parseOptions('model configuration', sequentialEntries, config);
  const start = inputShape === undefined ? [] : [input(inputShape)];
  return sequential([...start, ...layers.map((layer) => layerFromConfig(layer, options))], { name, seed });
}

function functionalFrom(
  { layers, nodes, inputs, outputs, name, seed }: Parsed<typeof functionalEntries>,
  options: { readonly custom?: readonly CustomLayerFactory[] },
): Model {
  const made = layers.map((layer) => layerFromConfig(layer, options));
  const done: LayerOutput[] = [];
  nodes.forEach((node, i) => {
    const layer = pick(made, node.layer, `node ${i}, layer`);
    const received = node.inputs.map((number) => pick(done, number, `node ${i}, input`));
    done.push(apply(layer, received));
  });
  return model({
    inputs: inputs.map((number) => pick(done, number, 'inputs')),
    outputs: outputs.map((number) => pick(done, number, 'outputs')),
    name,
    seed,
  });
}

function apply(layer: Layer, inputs: readonly LayerOutput[]): LayerOutput {
  if (!(layer instanceof InputLayer)) return layer.apply(inputs);
  if (inputs.length === 0) return new LayerOutput(layer, [], layer.outputShape());
  throw new FoveaError('format', { where: layer.where, rule: 'an input layer has no inputs' });
}

/** An entry by its number: what comes later is not there yet, so a description cannot run in circles. */
function pick<T>(from: readonly T[], number: number, where: string): T {
  const found = from[number];
  if (found !== undefined) return found;
  throw new FoveaError('format', {
    where: `model configuration, ${where}`,
    rule: `must be a number below ${from.length}`,
    received: `${number}`,
  });
}
