import h5wasm, { type Group } from 'h5wasm/node';

/** Arrays by path, as `conv1/kernel:0`. */
export type Arrays = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>;

/**
 * An HDF5 file as libhdf5 itself writes it.
 *
 * @param attributes texts or lists of texts, by path: `@layer_names` of the root, `conv1@weight_names` of a group.
 */
export async function libraryHdf5(
  attributes: Readonly<Record<string, string | readonly string[]>>,
  arrays: Arrays,
  options: {
    readonly chunks?: readonly number[];
    readonly compression?: number;
    /** Which versions of the library must be able to read it. @default 'earliest', as h5py's */
    readonly version?: 'earliest' | 'v110';
  } = {},
): Promise<Uint8Array> {
  const { FS } = await h5wasm.ready;
  const path = `/made-${Math.random()}.h5`;
  const file = new h5wasm.File(path, 'w', { libver: [options.version ?? 'earliest', 'latest'] });
  const group = (name: string): Group => {
    let found: Group = file;
    for (const part of name.split('/').filter((one) => one !== '')) {
      found = (found.keys().includes(part) ? found.get(part) : found.create_group(part)) as Group;
    }
    return found;
  };
  for (const [key, value] of Object.entries(attributes)) {
    const [where, name] = key.split('@') as [string, string];
    const owner = group(where);
    if (value.length > 0) owner.create_attribute(name, typeof value === 'string' ? value : [...value]);
  }
  for (const [key, { shape, data }] of Object.entries(arrays)) {
    const at = key.lastIndexOf('/');
    group(key.slice(0, Math.max(0, at))).create_dataset({
      name: key.slice(at + 1),
      data,
      shape: [...shape],
      ...(options.chunks === undefined ? {} : { chunks: [...options.chunks] }),
      ...(options.compression === undefined ? {} : { compression: options.compression }),
    });
  }
  file.close();
  const bytes = FS?.readFile(path) as Uint8Array;
  FS?.unlink(path);
  return bytes.slice();
}

/** What libhdf5 finds in a file: arrays and texts by path. */
export async function libraryRead(
  bytes: Uint8Array,
): Promise<{ arrays: Map<string, unknown>; texts: Map<string, unknown> }> {
  const { FS } = await h5wasm.ready;
  FS?.writeFile('/read.h5', bytes);
  const file = new h5wasm.File('/read.h5', 'r');
  const arrays = new Map<string, unknown>();
  const texts = new Map<string, unknown>();
  const walk = (group: Group, path: string): void => {
    for (const [name, attribute] of Object.entries(group.attrs)) texts.set(`${path}@${name}`, attribute.value);
    for (const name of group.keys()) {
      const member = group.get(name);
      if (member instanceof h5wasm.Group) walk(member, `${path}/${name}`);
      else if (member instanceof h5wasm.Dataset) {
        arrays.set(`${path}/${name}`, member.dtype === '<e' ? member.shape : member.to_array());
      }
    }
  };
  walk(file, '');
  file.close();
  return { arrays, texts };
}

/** Numbers 0, 1, 2 … times a step, of a shape. */
export function counted(shape: readonly number[], step = 1): { shape: readonly number[]; data: Float32Array } {
  const size = shape.reduce((product, n) => product * n, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, i) => i * step) };
}
