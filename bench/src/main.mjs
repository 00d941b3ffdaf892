// Runs the cases, all or those named, prints a table for each and writes everything to one dated file in results/.
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { CASES } from './cases/index.mjs';
import { newerNode } from './subjects.mjs';
import { targetRows } from './targets.mjs';
import { describeMachine, loadAverage } from './tools/machine.mjs';
import { record } from './tools/record.mjs';
import { formatTable } from './tools/table.mjs';

const USAGE = `Usage: npm --prefix bench run bench -- [options] [case ...]

Cases: ${Object.keys(CASES).join(', ')};
all of them unless some are named.

  --rounds <n>      blocks of steps for each side, taken in turn (default 8)
  --steps <n>       steps in a block; large networks take fewer (default 10)
  --threads <n>     threads for each side (default: all that the machine runs at once)
  --node <path>     a Node to run Fovea under; may be given several times, each is a side of its own
                    (default: this one, and the newer one in bench/node_modules)
  --peer-node <path>  the Node for peers written for it (default: the first that Fovea runs under)
  --only <peers>    peers that take part, with commas between them; '' for none (default: all)
  --build <name>    forces a build of Fovea's kernels (default: it chooses)
  --examples <n>    pictures of an epoch, for a quick try (default: all)
  --no-record       print only, write no file
  --help
`;

function readOptions() {
  const text = { type: 'string' };
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '8' },
      steps: { type: 'string', default: '10' },
      threads: text,
      node: { type: 'string', multiple: true },
      'peer-node': text,
      only: text,
      build: text,
      examples: text,
      'no-record': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const count = (name, fallback) => {
    const value = values[name] === undefined ? fallback : Number(values[name]);
    if (value === undefined || (Number.isInteger(value) && value >= 1)) return value;
    throw new Error(`--${name} must be a whole number from 1, not ${values[name]}`);
  };
  const unknown = positionals.find((name) => !Object.hasOwn(CASES, name));
  if (unknown !== undefined) throw new Error(`there is no case ${unknown}; there are ${Object.keys(CASES).join(', ')}`);
  const node = (path) => ({ path, version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1) });
  const nodes = (values.node ?? [process.execPath, newerNode()]).filter((path) => path !== undefined).map(node);
  return {
    help: values.help,
    recorded: !values['no-record'],
    names: positionals.length > 0 ? positionals : Object.keys(CASES),
    settings: {
      rounds: count('rounds', 8),
      steps: count('steps', 10),
      threads: count('threads', describeMachine().cores),
      examples: count('examples'),
      nodes,
      peerNode: values['peer-node'] === undefined ? nodes[0] : node(values['peer-node']),
      only: values.only?.split(',').filter((name) => name !== ''),
      build: values.build,
    },
  };
}

const print = (text) => process.stdout.write(`${text}\n`);

async function runCase(name, settings) {
  const before = loadAverage();
  const result = await CASES[name](settings).catch((error) => ({ title: name, failed: String(error.stack) }));
  print(`\n${name}: ${result.title}`);
  if (result.rows !== undefined) print(formatTable(result.rows));
  for (const note of result.notes ?? []) print(note);
  if (result.failed !== undefined) {
    print(result.failed);
    process.exitCode = 1;
  }
  return { ...result, load: { before, after: loadAverage() } };
}

async function main() {
  const options = readOptions();
  if (options.help) return print(USAGE);
  const machine = describeMachine();
  const load = loadAverage();
  print(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB; load average ${load.join(' ')}`);
  for (const { version, path } of options.settings.nodes) print(`Fovea under Node ${version}: ${path}`);
  if (load[0] > machine.cores / 4) print('The machine is busy: take the figures below with care.');
  const cases = {};
  for (const name of options.names) cases[name] = await runCase(name, options.settings);
  const targets = targetRows(cases);
  if (targets.length > 0)
    print(`\nBeside the targets: ratios of throughput or of memory, ours ÷ theirs\n${formatTable(targets)}`);
  const settings = {
    ...options.settings,
    nodes: options.settings.nodes.map(({ version }) => version),
    peerNode: options.settings.peerNode.version,
  };
  if (options.recorded) print(`\nwritten to ${await record({ machine, settings, targets, cases })}`);
}

await main().catch((error) => {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
});
