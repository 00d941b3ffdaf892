import { lookup3 } from './checksum.js';
import { type Hdf5Bytes, hdf5Damaged, hdf5Unsupported } from './hdf5Bytes.js';

/** The kinds of messages that are read. */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  link: 0x06,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

/** One message of an object header: where its body lies. */
export interface HeaderMessage {
  readonly type: number;
  /** Whether the body stands elsewhere and this is a pointer to it. */
  readonly shared: boolean;
  readonly at: number;
  readonly length: number;
}

/** A run of messages. */
interface Block {
  readonly at: number;
  readonly end: number;
}

/** The messages of the object at an address, in either form of the format (versions 1 and 2). */
export function readObjectHeader(file: Hdf5Bytes, at: number): HeaderMessage[] {
  file.step();
  if (file.u8(at) === 1) return readVersion1(file, at);
  file.signature(at, 'OHDR');
  if (file.u8(at + 4) !== 2) throw hdf5Unsupported(file.where, `an object header of version ${file.u8(at + 4)}`);
  return readVersion2(file, at);
}

function readVersion1(file: Hdf5Bytes, at: number): HeaderMessage[] {
  const start = at + 16;
  return collect(
    file,
    { at: start, end: start + file.u32(at + 8) },
    (place) => ({
      type: file.u16(place),
      shared: (file.u8(place + 4) & 2) !== 0,
      at: place + 8,
      length: file.u16(place + 2),
    }),
    (place, length) => ({ at: place, end: place + length }),
  );
}

function readVersion2(file: Hdf5Bytes, at: number): HeaderMessage[] {
  const flags = file.u8(at + 5);
  const sizeAt = at + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  const sizeBytes = 1 << (flags & 3);
  const start = sizeAt + sizeBytes;
  const end = start + file.uint(sizeAt, sizeBytes);
  checkSum(file, at, end);
  const bodyAt = flags & 4 ? 6 : 4;
  return collect(
    file,
    { at: start, end },
    (place) => ({
      type: file.u8(place),
      shared: (file.u8(place + 3) & 2) !== 0,
      at: place + bodyAt,
      length: file.u16(place + 1),
    }),
    (place, length) => {
      file.signature(place, 'OCHK');
      checkSum(file, place, place + length - 4);
      return { at: place + 4, end: place + length - 4 };
    },
  );
}

/** Walks through blocks of messages, and through those that they continue in. */
function collect(
  file: Hdf5Bytes,
  first: Block,
  read: (at: number) => HeaderMessage,
  continued: (at: number, length: number) => Block,
): HeaderMessage[] {
  const messages: HeaderMessage[] = [];
  const blocks = [first];
  for (let block = blocks.shift(); block !== undefined; block = blocks.shift()) {
    file.check(block.at, block.end - block.at);
    let { at } = block;
    // Fewer bytes than a message needs are a gap at the end.
    while (block.end - at >= 4 && block.end - at >= read(at).at - at) {
      file.step();
      const message = read(at);
      at = message.at + message.length;
      if (at > block.end) {
        throw hdf5Damaged(file.where, 'a message must end within its header', `${message.length} bytes`);
      }
      if (message.type !== MESSAGE.continuation) messages.push(message);
      else blocks.push(continued(file.u64(message.at), file.u64(message.at + 8)));
    }
  }
  return messages;
}

function checkSum(file: Hdf5Bytes, start: number, end: number): void {
  if (lookup3(file.view(start, end - start)) === file.u32(end)) return;
  throw hdf5Damaged(file.where, `the header at byte ${start} must agree with its checksum`, 'another sum');
}
