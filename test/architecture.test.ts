import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** ARCHITECTURE.md names files that exist and the directions of imports that are enforced. */

const root = new URL('../', import.meta.url);
const text = readFileSync(new URL('ARCHITECTURE.md', root), 'utf8');
const isThere = (path: string): boolean => existsSync(new URL(path, root));

test('every file that it names exists', () => {
  const paths = [...text.matchAll(/`([\w./-]+\/[\w./-]+\.(?:ts|mjs))`/g)].map(([, path = '']) => path);
  expect(paths.length).toBeGreaterThan(20);
  const engines = ['', 'src/', 'src/engines/wasm/', 'src/engines/'];
  expect(paths.filter((path) => !engines.some((folder) => isThere(folder + path)))).toEqual([]);
});

test('its table of rooms is the one that is enforced', () => {
  const source = readFileSync(new URL('scripts/checkImports.mjs', root), 'utf8');
  const core = names(/const CORE = \[([^\]]*)\]/.exec(source)?.[1] ?? '');
  const rooms = new Map<string, string[]>();
  for (const [, room = '', list = ''] of source.matchAll(/^ {2}(\w+): (CORE|\[[^\]]*\]),$/gm)) {
    rooms.set(room, [...(list.includes('CORE') ? core : []), ...names(list)].sort());
  }
  const rows = [...text.matchAll(/^\| `(\w+)\/` \|.*\| ([^|]*) \|$/gm)];
  expect(rows.length).toBeGreaterThan(10);
  for (const [, room = '', allowed = ''] of rows) {
    if (allowed === 'all of them') continue;
    expect(allowed === 'nothing' ? [] : allowed.split(', ').sort(), room).toEqual(rooms.get(room));
  }
});

function names(list: string): string[] {
  return [...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name);
}
