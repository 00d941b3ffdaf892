// Checks the shape of src/: which room may import which, no cycles, Node's own modules only where Node is certain, and
// no file that has outgrown one idea. `import type` has a direction too, but makes no cycle: it is gone at run time.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAX_LINES = 500;

const CORE = ['tensor', 'ops', 'compile', 'layers', 'model', 'formats', 'data', 'engines'];

/** What each room may import besides itself. Between rooms that may import each other, files decide: see roomCycle. */
const ROOMS = {
  tensor: [],
  ops: ['tensor'],
  compile: ['ops', 'tensor'],
  layers: ['ops', 'tensor'],
  model: ['layers', 'ops', 'tensor'],
  engines: ['ops', 'compile', 'tensor'],
  formats: ['tensor', 'model', 'layers'],
  data: ['tensor', 'formats'],
  zoo: ['tensor', 'layers', 'model', 'formats', 'data'],
  train: CORE,
  explain: CORE,
  report: [...CORE, 'train'],
  draw: ['tensor'],
  pages: [...CORE, 'train', 'explain', 'report', 'draw'],
  cli: [...CORE, 'zoo', 'train', 'explain', 'report', 'draw', 'pages'],
  lab: [...CORE, 'zoo', 'train', 'explain', 'report', 'draw', 'pages'],
};

/** Not ours to judge: AssemblyScript, and what the build writes. */
const isForeign = (file) => file.startsWith('engines/wasm/kernels/') || file.split('/').includes('generated');
/** Tests, and in folders `testing/` what only tests use: they may import anything, and nothing else may import them. */
const isTest = (file) => /(\.test\.ts$|(^|\/)testing\/)/.test(file);
const isNodeOnly = (file) => /(^cli\/|(^|\/)node\/|(^|\/)node([A-Z]\w*)?\.ts$)/.test(file);
/** The public entries stand above the rooms. */
const roomOf = (file) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : undefined);

const CLAUSE = String.raw`(?:[\w$]+\s*,\s*)?(?:\*(?:\s*as\s+[\w$]+)?|\{[^}]*\}|[\w$]+)`;
const STATIC = new RegExp(String.raw`^(?:import|export)\s+(type\s+)?(?:${CLAUSE}\s*from\s*)?['"]([^'"\n]+)['"]`, 'gm');
const DYNAMIC = /^(?!\s*(?:\*|\/\/)).*?\bimport\(\s*['"]([^'"\n]+)['"]/gm;

/** The imports of a file: `target` is a file of src/, or a specifier as written; `eager` ones are followed for cycles. */
function importsOf(file, source) {
  const found = [];
  const add = (match, specifier, eager) => {
    const relative = specifier.startsWith('.');
    const target = relative ? posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts') : specifier;
    found.push({ file, target, relative, eager, line: source.slice(0, match.index).split('\n').length });
  };
  for (const match of source.matchAll(STATIC)) add(match, match[2], match[1] === undefined);
  for (const match of source.matchAll(DYNAMIC)) add(match, match[1], false);
  return found;
}

function checkImport({ file, target, relative, line }, files) {
  const at = `src/${file}:${line}`;
  if (isTest(file)) return undefined;
  if (!relative) {
    const forbidden = target.startsWith('node:') && !isNodeOnly(file);
    return forbidden ? `${at} imports ${target}, but runs in browsers too; move it to a node*.ts file` : undefined;
  }
  if (target.startsWith('..')) return `${at} imports ${target}, which is outside src/`;
  if (isForeign(target)) return undefined;
  if (!files.has(target)) return `${at} imports ${target}, which does not exist`;
  if (isTest(target)) return `${at} imports ${target}, which belongs to the tests`;
  if (isNodeOnly(target) && !isNodeOnly(file)) {
    return `${at} imports ${target}, which needs Node; only src/node.ts, cli/ and node*.ts files may`;
  }
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === undefined || from === to) return undefined;
  if (to === undefined) return `${at} imports the public entry ${target}; import the file that has the name instead`;
  if (ROOMS[from] === undefined) return undefined;
  if (ROOMS[from].includes(to)) return undefined;
  return `${at} imports ${target}, but ${from}/ may import ${ROOMS[from].join(', ') || 'nothing'}, not ${to}/`;
}

/** A cycle in `graph` (name → names), each rotation reported once, as a list of names. */
function findCycles(graph) {
  const state = new Map();
  const path = [];
  const cycles = [];
  const visit = (name) => {
    state.set(name, 'open');
    path.push(name);
    for (const next of graph.get(name) ?? []) {
      if (state.get(next) === 'open') cycles.push([...path.slice(path.indexOf(next)), next]);
      else if (!state.has(next)) visit(next);
    }
    path.pop();
    state.set(name, 'done');
  };
  for (const name of graph.keys()) if (!state.has(name)) visit(name);
  return cycles;
}

function graphOf(edges) {
  const graph = new Map();
  for (const [from, to] of edges) graph.set(from, (graph.get(from) ?? new Set()).add(to));
  return graph;
}

/** All that is wrong with the folder `src`, one line each. */
export async function checkImports(src) {
  const names = (await readdir(src, { recursive: true })).map((name) => name.replaceAll('\\', '/'));
  const files = new Set(names.filter((name) => name.endsWith('.ts') && !isForeign(name)).sort());
  const problems = [];
  const imports = [];
  for (const file of files) {
    const source = await readFile(join(src, file), 'utf8');
    const lines = source.split('\n').length - 1;
    if (lines > MAX_LINES) problems.push(`src/${file} has ${lines} lines; split it by idea at ${MAX_LINES}`);
    const room = roomOf(file);
    if (room !== undefined && !isTest(file) && ROOMS[room] === undefined) {
      problems.push(
        `src/${file} is in a room that scripts/checkImports.mjs does not know: say there what ${room}/ may import`,
      );
    }
    imports.push(...importsOf(file, source));
  }
  problems.push(...imports.map((one) => checkImport(one, files)).filter((problem) => problem !== undefined));

  const inside = imports.filter(({ file, target, relative }) => relative && files.has(target) && !isTest(file));
  const eager = inside.filter((one) => one.eager);
  for (const cycle of findCycles(graphOf(eager.map(({ file, target }) => [file, target])))) {
    problems.push(`cycle: ${cycle.map((file) => `src/${file}`).join(' → ')}`);
  }
  const rooms = inside.map(({ file, target }) => [roomOf(file), roomOf(target)]).filter(([a, b]) => a && b && a !== b);
  for (const cycle of findCycles(graphOf(rooms))) problems.push(`rooms import each other: ${cycle.join(' → ')}`);
  return { files: files.size, imports: imports.length, problems };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const src = join(dirname(fileURLToPath(import.meta.url)), '../src');
  const { files, imports, problems } = await checkImports(src);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stdout.write(`imports: ${imports} in ${files} files, ${problems.length} problems\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
