/** One of the two streams that a command writes to. */
export interface Output {
  write(text: string): void;
  /** A person looks at it: lines may be overwritten. */
  readonly isTerminal: boolean;
  /** Width in characters. */
  readonly columns: number;
}

/** Everything outside of the program that a command deals with; tests put their own in its place. */
export interface Terminal {
  /** Results. */
  readonly stdout: Output;
  /** Progress and errors. */
  readonly stderr: Output;
  /** Colors and shades may be used on stdout. */
  readonly color: boolean;
  /** Given where the command is to stop: its reason is the signal's name, or 'EPIPE'. */
  readonly signal: AbortSignal;
  /** How the person calls this program: `fovea`, `npx fovea`, `node dist/cli/main.js`. */
  readonly program: string;
  /** The day and hour of the person, for names of folders. */
  readonly now: () => Date;
}

const styles = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
type Style = keyof typeof styles;

/** A text in a style, or as it is where there are no colors. */
export function paint({ color }: Pick<Terminal, 'color'>, style: Style, text: string): string {
  return color ? `\u001b[${styles[style]}m${text}\u001b[0m` : text;
}
