import { formatError, quoteUntrusted } from '../formatError.js';
import {
  GlobalName,
  PickleObject,
  PickleTuple,
  type PickleValue,
  StorageReference,
  TensorReference,
} from './pickleValues.js';
import type { PickleRules } from './unpickle.js';

/** PyTorch's classes of storages, and its kinds of numbers, by safetensors' names. */
const STORAGES: Readonly<Record<string, string>> = {
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  DoubleStorage: 'F64',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};
const DTYPES: Readonly<Record<string, string>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  float64: 'F64',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  uint16: 'U16',
  uint32: 'U32',
  bool: 'BOOL',
};

/** Classes that checkpoints hold besides tensors: kept as names with their state. */
const INERT = [
  /^torch\.nn\.modules\./,
  /^torchvision\.models\./,
  /^timm\./,
  /^__main__\./,
  /^argparse\.Namespace$/,
  /^pathlib\.\w+$/,
  /^numpy\.dtype$/,
  /^torch\.device$/,
];

type Call = (args: readonly PickleValue[], where: string) => PickleValue;

/** The calls that a state dict needs, as functions of our own that do the little that is meant. */
const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['collections.OrderedDict', makeDict],
  ['collections.Counter', makeDict],
  ['collections.defaultdict', () => new Map()],
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_tensor_v3', rebuildTensor],
  ['torch._utils._rebuild_parameter', onlyTensor],
  ['torch._utils._rebuild_parameter_with_state', onlyTensor],
  ['torch.nn.parameter.Parameter', onlyTensor],
  ['torch.Size', ([items = null]) => (items instanceof PickleTuple ? items : new PickleTuple([]))],
  ['torch.torch_version.TorchVersion', ([version = null]) => version],
  ['_codecs.encode', ([text = null]) => (typeof text === 'string' ? latin1Bytes(text) : text)],
  ['numpy.core.multiarray.scalar', numpyScalar],
  ['numpy._core.multiarray.scalar', numpyScalar],
  ['builtins.set', makeSet],
  ['__builtin__.set', makeSet],
  ['copyreg._reconstructor', reconstruct],
  ['copy_reg._reconstructor', reconstruct],
]);

/** Rules for the pickles that PyTorch writes: what they may call, and how they name their storages. */
export function torchRules(where: string): PickleRules {
  const make = (callee: GlobalName, args: readonly PickleValue[]): PickleValue => {
    const call = CALLS.get(callee.path);
    return call === undefined ? inert(callee, args, where) : call(args, where);
  };
  return { call: make, create: make, persistent: (id) => persistent(id, where) };
}

function inert(type: GlobalName, args: readonly PickleValue[], where: string): PickleObject {
  if (INERT.some((pattern) => pattern.test(type.path))) return new PickleObject(type, args);
  throw formatError(
    where,
    'a file of weights calls nothing but what rebuilds tensors; nothing was executed',
    `a call of ${quoteUntrusted(type.path)}`,
    'Do not trust this file, or have its author save only the state dict: torch.save(model.state_dict(), …)',
  );
}

function fail(where: string, rule: string, received: string): never {
  throw formatError(where, rule, received, 'The file is damaged or no PyTorch file: fetch or write it anew');
}

function makeDict([pairs = null]: readonly PickleValue[]): PickleValue {
  const dict = new Map<PickleValue, PickleValue>();
  if (pairs instanceof Map) return new Map(pairs);
  if (!Array.isArray(pairs)) return dict;
  for (const pair of pairs) {
    const items = pair instanceof PickleTuple ? pair.items : Array.isArray(pair) ? pair : [];
    if (items.length === 2) dict.set(items[0] as PickleValue, items[1] as PickleValue);
  }
  return dict;
}

function makeSet([items = null]: readonly PickleValue[]): PickleValue {
  return new Set(Array.isArray(items) ? items : []);
}

function reconstruct([type = null]: readonly PickleValue[], where: string): PickleValue {
  return type instanceof GlobalName ? inert(type, [], where) : fail(where, 'a class is named', 'something else');
}

function onlyTensor([tensor = null]: readonly PickleValue[], where: string): PickleValue {
  if (tensor instanceof TensorReference) return tensor;
  return fail(where, 'a parameter holds a tensor', 'something else');
}

/** (storage, offset, shape, strides, …); of v3 the seventh is the kind of number. */
function rebuildTensor(args: readonly PickleValue[], where: string): PickleValue {
  const [storage, offset, shape, strides] = args;
  if (!(storage instanceof StorageReference)) return fail(where, 'a tensor has a storage', 'something else');
  const named = args[6];
  const dtype = storage.dtype ?? (named instanceof GlobalName ? DTYPES[named.name] : undefined);
  if (dtype === undefined) return fail(where, 'this kind of number is not read', describeDtype(named));
  if (!isSize(offset)) return fail(where, 'the offset of a tensor is a whole number of at least 0', 'something else');
  const [sizes, steps] = [sizeList(shape), sizeList(strides)];
  if (sizes === undefined || steps === undefined || sizes.length !== steps.length || sizes.length > 32) {
    return fail(where, 'the shape and strides of a tensor are as many whole numbers of at least 0', 'something else');
  }
  return new TensorReference(storage, dtype, offset, sizes, steps);
}

function describeDtype(value: PickleValue | undefined): string {
  return value instanceof GlobalName ? quoteUntrusted(value.path) : 'none that is known';
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function sizeList(value: PickleValue | undefined): number[] | undefined {
  const items = value instanceof PickleTuple ? value.items : Array.isArray(value) ? value : undefined;
  return items?.every(isSize) ? [...items] : undefined;
}

/** ('storage', class, key, device, length) and in older files a view (key, offset, length) or nothing. */
function persistent(id: PickleValue, where: string): PickleValue {
  const [kind, type, key, , length, view] = id instanceof PickleTuple ? id.items : [];
  if (kind === 'module') return type ?? null; // a class with its source, which is not needed
  if (kind !== 'storage' || !(type instanceof GlobalName) || typeof key !== 'string' || !isSize(length)) {
    return fail(where, 'a storage is described by its kind, name, device and length', 'something else');
  }
  const dtype = Object.hasOwn(STORAGES, type.name) ? STORAGES[type.name] : undefined;
  if (dtype === undefined && type.name !== 'UntypedStorage') {
    return fail(where, 'this kind of storage is not read', quoteUntrusted(type.path));
  }
  if (!(view instanceof PickleTuple)) return new StorageReference(key, dtype, 0, length);
  const [, offset, viewLength] = view.items;
  if (!isSize(offset) || !isSize(viewLength)) return fail(where, 'a view has an offset and a length', 'others');
  return new StorageReference(key, dtype, offset, viewLength);
}

function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** (dtype, bytes) → the number, for little-endian floats and integers; others are kept as they are. */
function numpyScalar([dtype = null, bytes = null]: readonly PickleValue[]): PickleValue {
  if (!(dtype instanceof PickleObject)) return null;
  const data = typeof bytes === 'string' ? latin1Bytes(bytes) : bytes;
  const [code] = dtype.args;
  if (!(data instanceof Uint8Array) || typeof code !== 'string') return null;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (code === 'f8' && data.length === 8) return view.getFloat64(0, true);
  if (code === 'f4' && data.length === 4) return view.getFloat32(0, true);
  if (code === 'i8' && data.length === 8) return Number(view.getBigInt64(0, true));
  if (code === 'i4' && data.length === 4) return view.getInt32(0, true);
  return null;
}
