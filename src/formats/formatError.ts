import { FoveaError } from '../tensor/errors.js';

/** The error of a file that is damaged or is not what it should be. */
export function formatError(
  where: string,
  rule: string,
  received: string,
  remedy: string,
  cause?: unknown,
): FoveaError {
  return new FoveaError('format', { where, rule, received, remedy, ...(cause === undefined ? {} : { cause }) });
}

/** A text from an untrusted file as it may stand in a message: short, on one line, in quotes. */
export function quoteUntrusted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
