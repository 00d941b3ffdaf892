/** A pickle put together by hand: instructions by their code, texts and numbers as they stand in the file. */
export function pickleOf(...parts: readonly (string | number | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const bytes = parts.flatMap((part): readonly number[] => {
    if (typeof part === 'number') return [part];
    return typeof part === 'string' ? [...part].map((character) => character.charCodeAt(0)) : part;
  });
  return Uint8Array.from(bytes);
}

/** The bytes of a text with its length before it: BINUNICODE. */
export function text(value: string): number[] {
  return [0x58, value.length & 255, value.length >> 8, 0, 0, ...[...value].map((c) => c.charCodeAt(0))];
}

/** GLOBAL: names a function or class. */
export function named(module: string, name: string): string {
  return `c${module}\n${name}\n`;
}
