import type { Command } from 'commander';
import { verifyFile } from '../../data/node/download.js';
import { FoveaError } from '../../tensor/errors.js';
import { suggestName } from '../../tensor/nearest.js';
import type { WeightSource } from '../../zoo/weightSource.js';
import { type ZooName, zoo, zooEntry } from '../../zoo/zoo.js';
import type { Outcome } from '../commandLine.js';
import { FAILURE } from '../exitCode.js';
import { columns, megabytes } from '../format.js';
import type { Terminal } from '../terminal.js';
import { fetchWeights, findWeightFile, placingRemedy } from './weightFiles.js';

interface JsonOption {
  readonly json?: true;
}

interface NamedSource {
  readonly network: ZooName;
  readonly source: WeightSource;
}

/** `fovea weights list`, `download` and `verify` */
export function addWeightsCommand(program: Command, terminal: Terminal, outcome: Outcome): void {
  const command = program
    .command('weights')
    .summary('published weights: what there is, fetching, checking')
    .description(
      'Lists the published weights that are known, fetches them into the cache, and checks the files that are there.',
    )
    .addHelpText(
      'after',
      `
Files are looked for in the folder that FOVEA_WEIGHTS names, then in the cache.

Examples:
  fovea weights list
  fovea weights download mobilenet
  fovea weights verify`,
    );
  command
    .command('list')
    .description('show every file of weights: its network, size, known hash, and where it is')
    .option('--json', 'print one JSON object per line')
    .action((options: JsonOption) => list(terminal, options));
  command
    .command('download')
    .description('fetch weights into the cache; an interrupted download goes on where it stopped')
    .argument('<name>', 'of weights, as list shows it, or of a network: its first weights with an address')
    .option('--json', 'print one JSON object')
    .action((name: string, options: JsonOption) => fetch(name, terminal, options));
  command
    .command('verify')
    .description('compare files that are there with their sizes and hashes')
    .argument('[name]', 'of weights or of a network (default: all that are there)')
    .option('--json', 'print one JSON object per line')
    .action(async (name: string | undefined, options: JsonOption) => {
      if (!(await verify(name, terminal, options))) outcome.exitCode = FAILURE;
    });
}

function allSources(): NamedSource[] {
  const names = Object.keys(zoo) as ZooName[];
  return names.flatMap((network) => zoo[network].weights.map((source) => ({ network, source })));
}

/** The weights of this name, or all of the network of this name. */
function sourcesNamed(name: string): NamedSource[] {
  const all = allSources();
  const found = all.filter(({ source }) => source.id === name || source.file === name);
  if (found.length > 0) return found;
  try {
    const network = zooEntry(name).name;
    return all.filter((one) => one.network === network);
  } catch (cause) {
    throw new FoveaError('name', {
      where: `weights "${name.slice(0, 100)}"`,
      rule: 'there are no weights and no network of this name',
      remedy: suggestName(name, [...all.map(({ source }) => source.id), ...Object.keys(zoo)]),
      cause,
    });
  }
}

/** What is known to check a file by. */
function hashKind({ sha256, sha256Start, md5 }: WeightSource): string {
  if (sha256 !== undefined) return 'SHA-256';
  if (sha256Start !== undefined) return `SHA-256, ${sha256Start.length} digits`;
  return md5 === undefined ? 'none' : 'MD5';
}

async function list(terminal: Terminal, { json }: JsonOption): Promise<void> {
  const rows: string[][] = [['weights', 'network', 'size', 'hash', 'where']];
  for (const { network, source } of allSources()) {
    const { id, file, url, bytes, format, license } = source;
    const path = (await findWeightFile([source]))?.path;
    if (json) {
      const facts = { name: id, network, file, format, bytes, hash: hashKind(source), license, url, path };
      terminal.stdout.write(`${JSON.stringify(facts)}\n`);
      continue;
    }
    const where = path ?? (url === undefined ? `bring the file: ${file}` : new URL(url).host);
    rows.push([id, network, bytes === undefined ? '–' : megabytes(bytes), hashKind(source), where]);
  }
  if (!json) terminal.stdout.write(`${columns(rows, new Set([2])).join('\n')}\n`);
}

async function fetch(name: string, terminal: Terminal, { json }: JsonOption): Promise<void> {
  const named = sourcesNamed(name);
  const chosen = named.find(({ source }) => source.url !== undefined) ?? named[0];
  if (chosen === undefined) {
    throw new FoveaError('name', { where: `network "${name}"`, rule: 'no trained weights are known' });
  }
  const { source } = chosen;
  const path = await fetchWeights(source, placingRemedy([source]), terminal);
  const hash = hashKind(source);
  const checked =
    hash === 'none' ? 'No hash is known to check it by.' : `Its ${hash.replace(/,.*/, '')} is the known one.`;
  const facts = { name: source.id, path, hash };
  terminal.stdout.write(json ? `${JSON.stringify(facts)}\n` : `${source.id}: ${path}\n${checked}\n`);
}

/** True where nothing is damaged; what is not there is no fault unless it was asked for. */
async function verify(name: string | undefined, terminal: Terminal, { json }: JsonOption): Promise<boolean> {
  const sources = name === undefined ? allSources() : sourcesNamed(name);
  const rows: string[][] = [];
  let damaged = false;
  for (const { source } of sources) {
    if (terminal.signal.aborted)
      throw new FoveaError('aborted', { where: 'fovea weights verify', rule: 'it was stopped' });
    const path = (await findWeightFile([source]))?.path;
    if (path === undefined) continue;
    const fault = await verifyFile({ ...source, urls: [], path });
    const known = hashKind(source) !== 'none';
    const state = fault !== undefined ? 'damaged' : known ? 'as published' : 'no hash is known';
    damaged ||= fault !== undefined;
    rows.push([source.id, state, path, ...(fault === undefined ? [] : [fault])]);
    if (json) terminal.stdout.write(`${JSON.stringify({ name: source.id, path, state, fault })}\n`);
  }
  if (rows.length === 0 && name !== undefined) {
    throw new FoveaError('file', {
      where: `weights "${name}"`,
      rule: 'they are not there',
      remedy: placingRemedy(sources.map(({ source }) => source)),
    });
  }
  if (!json) terminal.stdout.write(rows.length === 0 ? 'There are no weights yet.\n' : `${columns(rows).join('\n')}\n`);
  return !damaged;
}
