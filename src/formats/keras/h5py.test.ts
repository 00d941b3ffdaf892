import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { activation } from '../../layers/activation.js';
import { add } from '../../layers/add.js';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { depthwiseConv2d } from '../../layers/depthwiseConv2d.js';
import { flatten } from '../../layers/flatten.js';
import { input } from '../../layers/input.js';
import { separableConv2d } from '../../layers/separableConv2d.js';
import { model } from '../../model/functional.js';
import { sequential } from '../../model/sequential.js';
import { writeKeras } from './writeKeras.js';

/** Debian's Python, which the package python3-h5py gives the library to that Keras itself reads with. */
const PYTHON = process.env.FOVEA_PYTHON ?? '/usr/bin/python3';

/**
 * Opens a .keras file as Keras 3 does: a zip archive whose weights h5py reads, each layer's under `layers/<name>/vars/<i>`,
 * where the name is that of the class in snake case, numbered in the order of config.json.
 */
const SCRIPT = `
import io, json, re, sys, zipfile
import h5py, numpy
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
config = json.loads(archive.read('config.json'))
metadata = json.loads(archive.read('metadata.json'))
weights = h5py.File(io.BytesIO(archive.read('model.weights.h5')), 'r')
def snake(name):
    name = re.sub(r'\\W+', '', name)
    name = re.sub('(.)([A-Z][a-z]+)', r'\\1_\\2', name)
    return re.sub('([a-z])([A-Z])', r'\\1_\\2', name).lower()
used, found, layers = {}, {}, []
for layer in config['config']['layers']:
    kind = snake(layer['class_name'])
    layers.append([layer['class_name'], layer['module'], sorted(layer['config'])])
    if kind == 'input_layer':
        continue
    count = used.get(kind, 0)
    used[kind] = count + 1
    group = weights['layers'][kind if count == 0 else f'{kind}_{count}']
    vars = group['vars'] if 'vars' in group else {}
    found[layer['config']['name']] = [[list(vars[k].shape), str(vars[k].dtype), vars[k][()].astype('float64').ravel().tolist()]
                                      for k in sorted(vars, key=int)]
# Layers without weights may be left out by name, but none may be there that is nobody's.
assert set(weights['layers']) - {'input_layer'} == {k if i == 0 else f'{k}_{i}' for k, n in used.items() for i in range(n)}
assert 'vars' in weights
json.dump({'kind': config['class_name'], 'module': config['module'], 'registered': config['registered_name'],
           'metadata': metadata, 'names': sorted(archive.namelist()), 'found': found, 'layers': layers}, sys.stdout)
`;

interface Found {
  readonly kind: string;
  readonly module: string;
  readonly registered: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly names: readonly string[];
  readonly found: Readonly<Record<string, readonly (readonly [number[], string, number[]])[]>>;
  readonly layers: readonly (readonly [string, string, string[]])[];
}

function hasH5py(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import h5py, numpy'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

const present = existsSync(PYTHON) && hasH5py();

async function opened(bytes: Uint8Array): Promise<Found> {
  const folder = await mkdtemp(join(tmpdir(), 'fovea-h5py-'));
  try {
    await writeFile(join(folder, 'net.keras'), bytes);
    const text = execFileSync(PYTHON, ['-c', SCRIPT, join(folder, 'net.keras')], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    return JSON.parse(text) as Found;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const chain = sequential([
  input([8, 8, 3]),
  conv2d({ filters: 4, kernelSize: 3, name: 'first' }),
  batchNormalization({ name: 'norm' }),
  conv2d({ filters: 2, kernelSize: 3, useBias: false, name: 'second' }),
  depthwiseConv2d({ kernelSize: 3, name: 'depthwise' }),
  separableConv2d({ filters: 3, kernelSize: 1, name: 'separable' }),
  flatten(),
  dense({ units: 5, activation: 'softmax', name: 'classes' }),
]);

const graph = () => {
  const x = input([6, 6, 2]);
  const a = conv2d({ filters: 2, kernelSize: 1, name: 'a' }).apply(x);
  const b = activation({ activation: 'relu' }).apply(add().apply([a, x]));
  return model({ inputs: x, outputs: dense({ units: 2, name: 'out' }).apply(flatten().apply(b)) });
};

describe.skipIf(!present)(
  present ? 'what is written opens in h5py as Keras opens it' : `h5py: skipped, ${PYTHON} has no h5py`,
  () => {
    let nets: readonly (readonly [string, typeof chain, string])[];
    beforeAll(() => {
      nets = [
        ['Sequential', chain, 'keras'],
        ['Functional', graph(), 'keras.src.models.functional'],
      ];
    });

    test.each([0, 1])('archive, names, kinds, shapes and numbers of every weight: model %i', async (i) => {
      const [kind, net, module] = nets[i] as (typeof nets)[number];
      const found = await opened(await writeKeras(net));
      expect(found).toMatchObject({ kind, module, registered: kind === 'Functional' ? 'Functional' : null });
      expect(found.names).toEqual(['config.json', 'metadata.json', 'model.weights.h5']);
      expect(found.metadata.keras_version).toMatch(/^3\./);
      expect(found.metadata.date_saved).toMatch(/^\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d$/);
      for (const layer of net.layers.filter(({ weights }) => weights.length > 0)) {
        const own = await layer.getWeights();
        const theirs = found.found[layer.name];
        expect(theirs?.map(([shape, dtype]) => [shape, dtype])).toEqual(
          own.map(({ shape }) => [[...shape], 'float32']),
        );
        expect(theirs?.map(([, , numbers]) => numbers)).toEqual(own.map(({ data }) => [...data]));
      }
      for (const [className, from, keys] of found.layers) {
        expect(from).toBe('keras.layers');
        expect(keys, className).toContain('name');
      }
    });

    test('half precision', async () => {
      const found = await opened(await writeKeras(chain, { precision: 'float16' }));
      expect(found.found.classes?.map(([shape, dtype]) => [shape, dtype])).toEqual([
        [[12, 5], 'float16'],
        [[5], 'float16'],
      ]);
    });
  },
);
