import type { Output } from './terminal.js';

/** Milliseconds between two drawings: often enough to look alive, seldom enough to cost nothing. */
const PAUSE = 100;

/** A line at the bottom of a terminal that is drawn over itself; writes nothing where nobody looks. */
export class ProgressBar {
  readonly #output: Output;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #shown = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Draws the line anew, unless it was drawn a moment ago: text before the bar, the share that is done, text after it. */
  draw(before: string, share: number, after: () => string): void {
    if (!this.#output.isTerminal) return;
    const now = performance.now();
    if (now - this.#drawnAt < PAUSE) return;
    this.#drawnAt = now;
    this.#shown = true;
    this.#output.write(`\r${barLine(before, share, after(), this.#output.columns - 1)}\u001b[K`);
  }

  /** Takes the line away, so that other lines can be written. */
  clear(): void {
    if (!this.#shown) return;
    this.#output.write('\r\u001b[K');
    this.#shown = false;
    this.#drawnAt = Number.NEGATIVE_INFINITY;
  }
}

/** The line: a bar as long as the width allows, 6 to 24 characters, or none; cut where even that is too long. */
export function barLine(before: string, share: number, after: string, width: number): string {
  const room = width - before.length - after.length - 2;
  const length = room < 6 ? 0 : Math.min(24, room);
  const done = Math.round(Math.max(0, Math.min(1, share)) * length);
  const bar = length === 0 ? ' ' : ` ${'━'.repeat(done)}${'╌'.repeat(length - done)} `;
  return `${before}${bar}${after}`.slice(0, Math.max(0, width));
}
