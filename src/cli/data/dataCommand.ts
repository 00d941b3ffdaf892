import type { Command } from 'commander';
import { type ScanPhotosOptions, scanPhotos } from '../../data/node/photoScan.js';
import { adviseOnPhotos, type PhotoFinding } from '../../data/photos/photoAdvice.js';
import type { PhotoReport } from '../../data/photos/photoReport.js';
import type { Outcome } from '../commandLine.js';
import { FAILURE } from '../exitCode.js';
import { columns, commas, count, megabytes } from '../format.js';
import { option, wholeNumber } from '../optionValues.js';
import { ProgressBar } from '../progressBar.js';
import { paint, type Terminal } from '../terminal.js';
import { addPhotoOptions, PHOTOS_ARGUMENT, type PhotoOptions, photoSelection } from './photoOptions.js';

interface DataOptions extends PhotoOptions {
  readonly quick?: true;
  readonly anew?: true;
  readonly check?: true;
  readonly examples?: number;
  readonly maxPixels?: number;
  readonly json?: true;
}

/** So many photos are named for each finding. */
const EXAMPLES = 3;
/** Milliseconds between two events of progress. */
const PAUSE = 1000;

/** `fovea data PHOTOS` */
export function addDataCommand(program: Command, terminal: Terminal, outcome: Outcome): void {
  const command = program
    .command('data')
    .summary('say what photos there are, and what to mend before training')
    .description(
      `Says what a folder or a list of photos holds: classes, numbers, sizes and formats; files that are broken or odd; photos that are copies of each other, exactly or to look at, above all on both sides of a split or in two classes; imbalance and groups. For each finding it says what to do. Nothing is changed.`,
    )
    .argument('<photos>', PHOTOS_ARGUMENT);
  addPhotoOptions(command)
    .option('--quick', 'read the headers alone: no copies, and no photos that are cut off, are found')
    .option('--anew', 'look at every photo, also at those that have not changed since the last time')
    .addOption(option('--examples <n>', 'so many photos are named for each finding', wholeNumber(0), `${EXAMPLES}`))
    .addOption(option('--max-pixels <n>', 'larger photos are refused', wholeNumber(), '100,000,000'))
    .option('--check', 'end with 1 where something must be mended, for scripts')
    .option('--json', 'print one JSON object per line: progress, then the report')
    .addHelpText(
      'after',
      `
Examples:
  fovea data ~/photos
  fovea data ~/photos --quick
  fovea data drivers.csv --columns path=img,label=classname --group subject
  fovea data ~/photos --json | tail -1 > photos.json
  fovea data ~/photos --check && fovea finetune ~/photos`,
    )
    .action(async (path: string, options: DataOptions) => {
      const findings = await tellOfData(path, options, terminal);
      if (options.check && findings.some(({ weight }) => weight === 'mend')) outcome.exitCode = FAILURE;
    });
}

async function tellOfData(path: string, options: DataOptions, terminal: Terminal): Promise<PhotoFinding[]> {
  const { json, quick, anew, maxPixels, examples = EXAMPLES } = options;
  const bar = new ProgressBar(terminal.stderr);
  let last = performance.now();
  const scan: ScanPhotosOptions = {
    ...photoSelection(options),
    ...(maxPixels === undefined ? {} : { maxPixels }),
    ...(anew ? {} : { fingerprints: 'disk' }),
    ...{ decode: quick !== true, signal: terminal.signal },
    onProgress: (done, total) => {
      if (!json) bar.draw('looking at photos', done / total, () => `${commas(done)} of ${commas(total)}`);
      else if (performance.now() - last >= PAUSE) {
        last = performance.now();
        terminal.stdout.write(`${JSON.stringify({ event: 'progress', done, total })}\n`);
      }
    },
  };
  const report = await scanPhotos(path, scan).finally(() => bar.clear());
  const findings = adviseOnPhotos(report);
  if (json) terminal.stdout.write(`${JSON.stringify({ event: 'report', source: path, ...report, findings })}\n`);
  else for (const line of [...facts(path, report, terminal), '', ...told(findings, examples, terminal)]) write(line);
  return findings;

  function write(line: string): void {
    terminal.stdout.write(`${line}\n`);
  }
}

function facts(path: string, report: PhotoReport, terminal: Terminal): string[] {
  const { photos, bytes, parts, formats, height, width, groups, duplicates } = report;
  const names = [...new Set(parts.flatMap(({ classes }) => classes.map(({ name }) => name)))];
  const bold = (text: string): string => paint(terminal, 'bold', text);
  const table = [
    ['', ...parts.map(({ part }) => part)],
    ...names.map((name) => [
      name,
      ...parts.map(({ classes }) => commas(classes.find((one) => one.name === name)?.photos ?? 0)),
    ]),
    ...(names.length > 1 ? [['all', ...parts.map((part) => commas(part.photos))]] : []),
  ];
  const between = ({ least, median, most }: PhotoReport['height']): string =>
    `${least} to ${most}, half up to ${median}`;
  const rows = [
    ['width', `${between(width)} pixels`],
    ['height', `${between(height)} pixels`],
    [
      'formats',
      Object.entries(formats)
        .map(([name, n]) => `${commas(n)} ${name.toUpperCase()}`)
        .join(', '),
    ],
    ...(groups === undefined
      ? []
      : [['groups', `${commas(groups.number)}, the largest of ${count(groups.largest, 'photo')}`]]),
    ...(parts.some(({ part }) => part === 'valid')
      ? []
      : [['to validate', 'none are given: a share of the training photos is set aside']]),
    ...(duplicates === undefined ? [] : [['copies', copiesText(duplicates.sets)]]),
  ];
  return [
    bold(`${path}: ${count(photos, 'photo')} of ${count(names.length, 'class', 'classes')}, ${megabytes(bytes)}`),
    '',
    ...columns(table, new Set(parts.map((_, i) => i + 1))).map((line) => `  ${line}`),
    '',
    ...columns(rows.map(([name = '', value = '']) => [`  ${name}`, value])),
  ];
}

function copiesText(sets: NonNullable<PhotoReport['duplicates']>['sets']): string {
  if (sets.length === 0) return 'none';
  const words = { exact: 'equal files', near: 'look the same', mirrored: 'seen in a mirror' } as const;
  const kinds = (['exact', 'near', 'mirrored'] as const)
    .map((kind) => [sets.filter((set) => set.kind === kind).length, words[kind]] as const)
    .filter(([n]) => n > 0)
    .map(([n, what]) => `${commas(n)} ${what}`);
  return `${count(sets.length, 'scene')} with several photos: ${kinds.join(', ')}`;
}

function told(findings: readonly PhotoFinding[], most: number, terminal: Terminal): string[] {
  if (findings.length === 0) return [paint(terminal, 'green', 'Nothing to mend: these photos can be learned from.')];
  return findings.flatMap(({ weight, finding, remedy, examples }) => {
    const left = examples.length - most;
    const named = examples.slice(0, most).map((one) => `      ${one}`);
    if (most > 0 && left > 0) named.push(`      … and ${commas(left)} more`);
    const mark = weight === 'mend' ? paint(terminal, 'red', '  mend  ') : paint(terminal, 'dim', '  know  ');
    return [`${mark}${finding}`, ...named, `        ${paint(terminal, 'dim', remedy)}`];
  });
}
