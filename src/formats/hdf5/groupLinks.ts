import { type Hdf5Bytes, hdf5Damaged, hdf5Unsupported } from './hdf5Bytes.js';
import { type HeaderMessage, MESSAGE } from './objectHeader.js';

const LONGEST_NAME = 4096;
const DEEPEST_TREE = 32;

/** Names of a group's members and the addresses of their headers; soft and external links are left out. */
export function readLinks(file: Hdf5Bytes, messages: readonly HeaderMessage[]): Map<string, number> {
  const links = new Map<string, number>();
  const add = (name: string, address: number): void => {
    if (links.has(name))
      throw hdf5Damaged(file.where, 'names in a group are unique', JSON.stringify(name.slice(0, 60)));
    links.set(name, address);
  };
  for (const message of messages) {
    if (message.type === MESSAGE.link) readLink(file, message, add);
    if (message.type === MESSAGE.linkInfo) checkCompact(file, message);
    if (message.type !== MESSAGE.symbolTable) continue;
    const heap = readLocalHeap(file, file.u64(message.at + 8));
    readNode(file, file.u64(message.at), heap, add, DEEPEST_TREE);
  }
  return links;
}

interface Heap {
  readonly at: number;
  readonly length: number;
}

function readLocalHeap(file: Hdf5Bytes, at: number): Heap {
  file.signature(at, 'HEAP');
  const heap = { at: file.u64(at + 24), length: file.u64(at + 8) };
  file.check(heap.at, heap.length);
  return heap;
}

/** A B-tree of version 1: its leaves are lists of symbols. */
function readNode(
  file: Hdf5Bytes,
  at: number,
  heap: Heap,
  add: (name: string, address: number) => void,
  depth: number,
): void {
  file.once(at);
  if (depth === 0) throw hdf5Damaged(file.where, `trees have at most ${DEEPEST_TREE} levels`, 'more');
  if (file.u8(at) === 0x53) {
    readSymbols(file, at, heap, add);
    return;
  }
  file.signature(at, 'TREE');
  const count = file.u16(at + 6);
  for (let i = 0; i < count; i++) readNode(file, file.u64(at + 32 + 16 * i), heap, add, depth - 1);
}

function readSymbols(file: Hdf5Bytes, at: number, heap: Heap, add: (name: string, address: number) => void): void {
  file.signature(at, 'SNOD');
  const count = file.u16(at + 6);
  for (let i = 0; i < count; i++) {
    file.step();
    const entry = at + 8 + 40 * i;
    const SOFT_LINK = 2;
    if (file.u32(entry + 16) === SOFT_LINK) continue;
    const offset = file.u64(entry);
    if (offset >= heap.length) {
      throw hdf5Damaged(file.where, `a name must begin within the ${heap.length} bytes of its heap`, `${offset}`);
    }
    add(file.text(heap.at + offset, Math.min(LONGEST_NAME, heap.length - offset)), file.u64(entry + 8));
  }
}

function readLink(file: Hdf5Bytes, message: HeaderMessage, add: (name: string, address: number) => void): void {
  const flags = file.u8(message.at + 1);
  let at = message.at + 2;
  const hard = flags & 8 ? file.u8(at++) === 0 : true;
  if (flags & 4) at += 8;
  if (flags & 16) at += 1;
  const sizeBytes = 1 << (flags & 3);
  const length = file.uint(at, sizeBytes);
  if (length > LONGEST_NAME) throw hdf5Damaged(file.where, `names have at most ${LONGEST_NAME} bytes`, `${length}`);
  if (hard) add(file.text(at + sizeBytes, length), file.u64(at + sizeBytes + length));
}

function checkCompact(file: Hdf5Bytes, { at }: HeaderMessage): void {
  if (file.address(at + 2 + (file.u8(at + 1) & 1 ? 8 : 0)) === undefined) return;
  throw hdf5Unsupported(file.where, 'a group whose links are kept in a fractal heap (libver "latest")');
}
