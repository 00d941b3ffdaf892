const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

/** The checksum that zip and PNG use, of pieces one after the other. */
export function crc32(pieces: readonly Uint8Array[]): number {
  let crc = 0xffff_ffff;
  for (const piece of pieces) {
    for (let i = 0; i < piece.length; i++) {
      crc = (crc >>> 8) ^ (crcTable[(crc ^ (piece[i] as number)) & 255] as number);
    }
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}
