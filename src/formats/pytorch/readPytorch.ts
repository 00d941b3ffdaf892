import { formatError, quoteUntrusted } from '../formatError.js';
import { bytesOf } from '../roundedNumbers.js';
import type { Safetensors, StoredTensor } from '../safetensors.js';
import { isZip, readZip, type ZipEntry } from '../zip.js';
import type { PickleValue } from './pickleValues.js';
import { findStateDict } from './stateDict.js';
import { type FindStorage, TensorReader } from './tensors.js';
import { torchRules } from './torchRules.js';
import { pickleBudget, unpickle } from './unpickle.js';

const DAMAGED = 'The file is damaged or no PyTorch file: fetch or write it anew';
/** The first number of every file that PyTorch wrote before it used zip archives, as it stands in its pickle. */
const MAGIC = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const MOST_STORAGES = 1_000_000;

/** True for bytes that begin as a PyTorch file from before the zip archives does. */
export function isLegacyPytorch(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 && MAGIC.every((byte, i) => bytes[2 + i] === byte);
}

/**
 * Reads the weights of a PyTorch file (`.pth`, `.pt`, `.bin`): of a state dict, of a checkpoint that holds one, or of a
 * module that was saved whole. Both of PyTorch's formats: zip archives (since 1.6) and the pickles before. The pickle can
 * execute nothing: a call of anything but what rebuilds tensors is an error that names it.
 *
 * Tensors become row-major, float64 is rounded to float32, float32 may be a view of `bytes`: change neither afterwards.
 * `metadata` says under which key the tensors were (`stateDict`), what all their names began with (`prefix`), and holds
 * the numbers and texts beside them.
 *
 * @throws FoveaError `format` on any deviation.
 */
export async function readPytorch(bytes: Uint8Array, where: string): Promise<Safetensors> {
  const { root, find, bigEndian } = isZip(bytes) ? await openArchive(bytes, where) : openLegacy(bytes, where);
  const found = findStateDict(root);
  if (found === undefined) {
    const rule = 'the file must hold a dict of tensors, or a checkpoint with one';
    throw formatError(where, rule, 'none', 'Save the weights with torch.save(model.state_dict(), …)');
  }
  const reader = new TensorReader(find, bytes.length, bigEndian);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of found.tensors) {
    tensors.set(name, await reader.read(tensor, `${where}: tensor ${quoteUntrusted(name)}`));
  }
  const { path, prefix, extras } = found;
  const metadata = {
    ...extras,
    ...(path === '' ? {} : { stateDict: path }),
    ...(prefix === '' ? {} : { prefix }),
  };
  return { tensors, metadata };
}

interface Opened {
  readonly root: PickleValue;
  readonly find: FindStorage;
  readonly bigEndian: boolean;
}

/** A zip archive NAME/data.pkl, NAME/data/0, NAME/data/1 … */
async function openArchive(bytes: Uint8Array, where: string): Promise<Opened> {
  const entries = readZip(bytes, where);
  const pickle = [...entries.keys()].find((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  if (pickle === undefined) {
    throw formatError(where, 'the archive must hold data.pkl', [...entries.keys()].slice(0, 5).join(', '), DAMAGED);
  }
  const folder = pickle.slice(0, -'data.pkl'.length);
  if (entries.has(`${folder}constants.pkl`)) {
    const remedy = 'Save the weights alone: torch.save(module.state_dict(), …)';
    throw formatError(where, 'TorchScript programs are not read', 'an archive with code', remedy);
  }
  const { value } = unpickle(await (entries.get(pickle) as ZipEntry).read(), 0, where, torchRules(where));
  const storages = new Map<string, Uint8Array>();
  const find = async (key: string): Promise<Uint8Array> => {
    const known = storages.get(key);
    if (known !== undefined) return known;
    const entry = entries.get(`${folder}data/${key}`);
    if (entry === undefined) throw missingStorage(key, where);
    const data = await entry.read();
    storages.set(key, data);
    return data;
  };
  const order = entries.get(`${folder}byteorder`);
  const text = order === undefined ? '' : new TextDecoder().decode((await order.read()).subarray(0, 16));
  return { root: value, find, bigEndian: text.trim() === 'big' };
}

/** Pickles one after the other (a magic number, a version, facts of the system, the object, the storages' names), then numbers. */
function openLegacy(bytes: Uint8Array, where: string): Opened {
  if (!isLegacyPytorch(bytes)) {
    const rule = 'a PyTorch file is a zip archive or begins with its magic number';
    throw formatError(where, rule, 'other bytes', 'Check that it was written by torch.save');
  }
  const rules = torchRules(where);
  // Each storage is named together with its kind, which its number of bytes follows from.
  const kinds = new Map<string, number>();
  const watching = {
    ...rules,
    persistent(id: PickleValue) {
      const value = rules.persistent(id);
      if (value !== null && typeof value === 'object' && 'dtype' in value && 'key' in value) {
        kinds.set(value.key, bytesOf(value.dtype ?? 'U8') ?? 1);
      }
      return value;
    },
  };
  const budget = pickleBudget();
  let at = 0;
  const next = (): PickleValue => {
    const { value, end } = unpickle(bytes, at, where, watching, budget);
    at = end;
    return value;
  };
  next();
  const version = next();
  if (version !== 1001) throw formatError(where, 'the version of the format is 1001', 'another', DAMAGED);
  const system = next();
  const root = next();
  const keys = next();
  if (!Array.isArray(keys) || keys.length > MOST_STORAGES) {
    throw formatError(where, 'the storages must be named in a list', 'something else', DAMAGED);
  }
  const storages = new Map<string, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys) {
    const width = kinds.get(typeof key === 'string' ? key : '') ?? 0;
    const length = at + 8 <= bytes.length ? Number(view.getBigUint64(at, true)) * width : -1;
    at += 8;
    if (typeof key !== 'string' || width === 0 || length < 0 || length > bytes.length - at) {
      throw formatError(where, 'each storage must lie within the file', `one of ${length} bytes at ${at}`, DAMAGED);
    }
    storages.set(key, bytes.subarray(at, at + length));
    at += length;
  }
  const find = async (key: string): Promise<Uint8Array> => {
    const data = storages.get(key);
    if (data === undefined) throw missingStorage(key, where);
    return data;
  };
  return { root, find, bigEndian: system instanceof Map && system.get('little_endian') === false };
}

function missingStorage(key: string, where: string) {
  return formatError(where, 'every tensor needs its storage', `none with the name ${quoteUntrusted(key)}`, DAMAGED);
}
