// Runs the cases, all or those named, prints a table for each and writes everything to one dated file in results/.
import { parseArgs } from 'node:util';
import { bundleSize } from './cases/bundleSize.mjs';
import { eventLoop } from './cases/eventLoop.mjs';
import { installSize } from './cases/installSize.mjs';
import { mnistTraining } from './cases/mnistTraining.mjs';
import { describeMachine, loadAverage } from './tools/machine.mjs';
import { record } from './tools/record.mjs';
import { formatTable } from './tools/table.mjs';

const CASES = { mnistTraining, eventLoop, installSize, bundleSize };

const USAGE = `Usage: npm --prefix bench run bench -- [options] [case ...]

Cases: ${Object.keys(CASES).join(', ')}; all of them unless some are named.

  --rounds <n>    blocks of steps for each side, taken in turn (default 8)
  --steps <n>     steps in a block (default 10)
  --threads <n>   threads for each side (default: all that the machine runs at once)
  --no-record     print only, write no file
  --help
`;

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '8' },
      steps: { type: 'string', default: '10' },
      threads: { type: 'string' },
      'no-record': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const count = (name, fallback) => {
    const value = values[name] === undefined ? fallback : Number(values[name]);
    if (!Number.isInteger(value) || value < 1)
      throw new Error(`--${name} must be a whole number from 1, not ${values[name]}`);
    return value;
  };
  const unknown = positionals.find((name) => !Object.hasOwn(CASES, name));
  if (unknown !== undefined) throw new Error(`there is no case ${unknown}; there are ${Object.keys(CASES).join(', ')}`);
  return {
    help: values.help,
    recorded: !values['no-record'],
    names: positionals.length > 0 ? positionals : Object.keys(CASES),
    settings: {
      rounds: count('rounds', 8),
      steps: count('steps', 10),
      threads: count('threads', describeMachine().cores),
    },
  };
}

const print = (text) => process.stdout.write(`${text}\n`);

async function main() {
  const options = readOptions();
  if (options.help) return print(USAGE);
  const machine = describeMachine();
  const load = loadAverage();
  print(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; load average ${load.join(' ')}`);
  if (load[0] > machine.cores / 4) print('The machine is busy: take the figures below with care.');
  const cases = {};
  for (const name of options.names) {
    const before = loadAverage();
    const result = await CASES[name](options.settings).catch((error) => ({ title: name, failed: String(error.stack) }));
    cases[name] = { ...result, load: { before, after: loadAverage() } };
    print(`\n${result.title}`);
    if (result.rows !== undefined) print(formatTable(result.rows));
    for (const note of result.notes ?? []) print(note);
    if (result.failed !== undefined) {
      print(result.failed);
      process.exitCode = 1;
    }
  }
  if (options.recorded) print(`\nwritten to ${await record({ machine, settings: options.settings, cases })}`);
}

await main().catch((error) => {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
});
