/** What kind of mistake a {@link FoveaError} reports. Stable: programs may branch on it. */
export type ErrorCode =
  | 'shape' // sizes that do not fit each other
  | 'dtype' // numbers of the wrong kind
  | 'option' // an option or argument that is unknown, missing or out of range
  | 'name' // a layer, weight, metric … that does not exist, or exists twice
  | 'data' // examples, labels or values that cannot be used
  | 'file' // a file or folder that cannot be read or written
  | 'format' // a file that is not what it should be, or is damaged
  | 'memory' // something that does not fit
  | 'numeric' // a number that became NaN or infinite
  | 'engine' // an engine that cannot run here
  | 'gradient' // an op that has no gradient where one is needed
  | 'network' // a download that failed
  | 'aborted'; // the caller asked to stop

/** The parts of an error message, in the order in which they are written. */
export interface ErrorParts {
  /** Where: the op, layer, file or option, as the user knows it: `conv2d "block1_conv1"`. */
  readonly where: string;
  /** The rule that was broken: `the input has 4 channels, the filters expect 3`. */
  readonly rule: string;
  /** The values received: `input [8, 224, 224, 4], filters [3, 3, 3, 64]`. */
  readonly received?: string;
  /** What to do about it: `Drop the alpha channel or build the layer for 4 channels`. */
  readonly remedy?: string;
  /** The same facts for programs. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one class of error for mistakes that a user can mend: says where, the rule, what was received, what to do. */
export class FoveaError extends Error {
  override readonly name = 'FoveaError';
  readonly code: ErrorCode;
  readonly where: string;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, parts: ErrorParts) {
    super(composeMessage(parts), parts.cause === undefined ? undefined : { cause: parts.cause });
    this.code = code;
    this.where = parts.where;
    this.data = parts.data ?? {};
  }
}

function composeMessage({ where, rule, received, remedy }: ErrorParts): string {
  const sentences = [`${where}: ${rule}`];
  if (received !== undefined) sentences.push(`Received ${received}`);
  if (remedy !== undefined) sentences.push(remedy);
  return sentences.map((sentence) => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`)).join(' ');
}
