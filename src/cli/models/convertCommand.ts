import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import { kerasPieces } from '../../formats/keras/writeKeras.js';
import { modelPieces } from '../../formats/modelFile.js';
import { writeFileAtomic } from '../../formats/node/files.js';
import { onnxPieces } from '../../formats/onnx.js';
import { FoveaError } from '../../tensor/errors.js';
import { commas, megabytes } from '../format.js';
import { oneOf, option } from '../optionValues.js';
import type { Terminal } from '../terminal.js';
import { type ForeignModel, openForeignModel } from './foreignModel.js';
import { weightReportText } from './weightReportText.js';

interface ConvertOptions {
  readonly network?: string;
  readonly half?: true;
  readonly layout?: 'nchw' | 'nhwc';
  readonly force?: true;
  readonly json?: true;
}

/** `fovea convert IN OUT` */
export function addConvertCommand(program: Command, terminal: Terminal): void {
  program
    .command('convert')
    .summary('turn a model file into one of another format')
    .description(
      'Reads a network with its weights from a file of any format that is known, and writes it in the format that the name of the new file ends with. Files of weights alone need the name of their network.',
    )
    .argument(
      '<in>',
      'safetensors, Keras (.h5, .keras, .weights.h5), PyTorch (.pth), ONNX, or model.json of TensorFlow.js',
    )
    .argument('<out>', 'a name that ends with .safetensors, .onnx or .keras')
    .option('--network <name>', 'the network (vgg16, resnet50 …) that a file of weights alone belongs to')
    .option('--half', 'store weights as float16, in half the space')
    .addOption(option('--layout <order>', 'axes of pictures in ONNX: nchw or nhwc', oneOf(['nchw', 'nhwc']), 'nchw'))
    .option('--force', 'replace OUT where it is there already')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  fovea convert runs/2026-01-31-digits-cnn/model.safetensors digits.onnx
  fovea convert model.h5 model.safetensors --half
  fovea convert resnet18-f37072fd.pth resnet18.keras --network resnet18`,
    )
    .action((from: string, to: string, options: ConvertOptions) => convert(from, to, options, terminal));
}

async function convert(from: string, to: string, options: ConvertOptions, terminal: Terminal): Promise<void> {
  const write = writerFor(to);
  await checkFree(to, options);
  const opened = await openForeignModel(from, options.network, (report) => {
    terminal.stderr.write(`${weightReportText(report).join('\n')}\n`);
  });
  const { pieces, notes: lost } = await write(opened, options);
  if (terminal.signal.aborted) throw new FoveaError('aborted', { where: 'fovea convert', rule: 'it was stopped' });
  await writeFileAtomic(to, pieces);
  const notes = [...opened.notes, ...lost];
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const { total } = opened.model.countParameters();
  const precision = options.half ? 'float16' : 'float32';
  const { report } = opened;
  if (options.json) {
    terminal.stdout.write(
      `${JSON.stringify({ in: from, out: to, bytes, parameters: total, precision, notes, report })}\n`,
    );
    return;
  }
  const lines = report === undefined ? [] : weightReportText(report);
  lines.push(...notes.map((note) => `note: ${note}`));
  lines.push(`${to}: ${commas(total)} parameters as ${precision}, ${megabytes(bytes)}`);
  terminal.stdout.write(`${lines.join('\n')}\n`);
}

interface Written {
  readonly pieces: Uint8Array[];
  /** What the format has no place for. */
  readonly notes: readonly string[];
}

type Writer = (opened: ForeignModel, options: ConvertOptions) => Promise<Written>;

/** Keys that a model file has for itself: texts of other files under these names are left out. */
const RESERVED = new Set(['format', 'version', 'config']);

const writers: Readonly<Record<string, Writer>> = {
  '.safetensors': async ({ model, metadata }, { half }) => {
    const texts = Object.fromEntries(Object.entries(metadata).filter(([key]) => !RESERVED.has(key)));
    return { pieces: await modelPieces(model, texts, { precision: half ? 'float16' : 'float32' }), notes: [] };
  },
  '.onnx': async ({ model, metadata }, { half = false, layout = 'nchw' }) => {
    return { pieces: await onnxPieces(model, { half, layout, metadata }), notes: [] };
  },
  '.keras': async ({ model, metadata }, { half }) => {
    const lost = Object.keys(metadata).filter((key) => key === 'classNames' || key === 'preprocessing');
    const notes = lost.map(
      (key) => `${key === 'classNames' ? 'names of classes' : 'preprocessing'} has no place in a .keras file`,
    );
    return { pieces: await kerasPieces(model, { precision: half ? 'float16' : 'float32' }), notes };
  },
};

function writerFor(path: string): Writer {
  const writer = Object.hasOwn(writers, extname(path)) ? writers[extname(path)] : undefined;
  if (writer !== undefined) return writer;
  throw new FoveaError('option', {
    where: `file "${path}"`,
    rule: 'the format to write is told by the ending: .safetensors, .onnx or .keras',
    received: extname(path) || `${basename(path)}, without one`,
  });
}

async function checkFree(path: string, { force }: ConvertOptions): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined || (force && there.isFile())) return;
  throw new FoveaError('file', {
    where: `file "${path}"`,
    rule: there.isFile() ? 'it is there already' : 'it is no file that could be replaced',
    remedy: there.isFile() ? 'Name another one, or replace it with --force' : 'Name another one',
    data: { path },
  });
}
