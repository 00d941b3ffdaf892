import { formatError } from './formatError.js';

/** A description of a thousand layers has as much. Hostile JSON takes 23 times its size once it is parsed. */
const MOST_JSON_BYTES = 1.25 * 2 ** 20;
/** Models in models in models have a few dozen. */
const DEEPEST = 500;

/** Throws for a description that is too large for the file that it is a part of. */
export function checkJsonSize(size: number, file: Uint8Array, where: string): void {
  const most = MOST_JSON_BYTES + Math.floor(file.length / 16);
  if (size <= most) return;
  const remedy = 'The file is damaged or hostile, or was made by another program';
  throw formatError(where, `the description of the network may have at most ${most} bytes here`, `${size}`, remedy);
}

/**
 * `JSON.parse` for untrusted text: what is nested without end would take fifty times its size while it is parsed.
 *
 * @throws Error as `JSON.parse` does.
 */
export function parseJsonText(text: string): unknown {
  let depth = 0;
  let within = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (within) {
      if (code === 0x5c) i++;
      else if (code === 0x22) within = false;
    } else if (code === 0x22) within = true;
    else if (code === 0x5b || code === 0x7b) depth++;
    else if (code === 0x5d || code === 0x7d) depth--;
    if (depth > DEEPEST) throw new SyntaxError(`more than ${DEEPEST} lists and objects within each other`);
  }
  return JSON.parse(text);
}
