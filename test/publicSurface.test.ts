import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as augment from '../src/data/augment/index.js';
import * as photos from '../src/data/photos/index.js';
import * as draw from '../src/draw/index.js';
import * as explain from '../src/explain/index.js';
import * as formats from '../src/formats/index.js';
import * as anywhere from '../src/index.js';
import { layerTypes } from '../src/layers/registry.js';
import * as node from '../src/node.js';
import * as ops from '../src/ops/index.js';
import * as pages from '../src/pages/index.js';
import * as report from '../src/report/index.js';
import * as zoo from '../src/zoo/index.js';

/** What users can import. A name that goes or comes is seen in this snapshot's difference: `npx vitest run test/publicSurface -u`. */

/** All names that an entry exports, `type` before those that are gone at run time. */
function exportedNames(entry: string): string[] {
  const source = readFileSync(fileURLToPath(new URL(`../src/${entry}.ts`, import.meta.url)), 'utf8');
  const names = [...source.matchAll(/^export (type )?(?:\{([^}]*)\}|\* as (\w+))/gm)].flatMap(
    ([, type = '', list, all]) =>
      all === undefined ? (list ?? '').split(',').map((name) => type + name.trim()) : [all],
  );
  return names.filter((name) => name !== '' && name.trim() !== 'type').sort();
}

describe.each([
  { entry: 'index', exports: anywhere },
  { entry: 'node', exports: node },
  { entry: 'zoo/index', exports: zoo },
  { entry: 'formats/index', exports: formats },
  { entry: 'data/augment/index', exports: augment },
  { entry: 'data/photos/index', exports: photos },
  { entry: 'draw/index', exports: draw },
  { entry: 'explain/index', exports: explain },
  { entry: 'pages/index', exports: pages },
  { entry: 'report/index', exports: report },
])('$entry', ({ entry, exports }) => {
  const names = exportedNames(entry);

  test('exports these names', () => expect(names).toMatchSnapshot());

  test('exports at run time what it says', () => {
    expect(Object.keys(exports).sort()).toEqual(names.filter((name) => !name.startsWith('type ')));
  });
});

test('ops exports these names', () => expect(Object.keys(ops).sort()).toMatchSnapshot());

test('every kind of layer can be made', () => {
  expect(Object.keys(layerTypes).filter((type) => !(type in anywhere))).toEqual([]);
});
