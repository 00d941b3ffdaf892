import { FoveaError } from '../../tensor/errors.js';

/** A row of a table: its fields, and the line that it begins in, from 1. */
export interface CsvRow {
  readonly line: number;
  readonly fields: readonly string[];
}

/** What may stand between fields. */
const DELIMITERS = [',', ';', '\t'] as const;

/**
 * The rows of a table as RFC 4180 has it: fields in quotes may hold delimiters, line ends and doubled quotes. Lines may end
 * in any way; empty ones are left out. The delimiter is a comma, a semicolon or a tab: whichever the first line has most of.
 *
 * @throws FoveaError `format` with the line of a quote that is not closed or that text follows.
 */
export function parseCsv(text: string, where: string): CsvRow[] {
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const delimiter = delimiterOf(text.slice(start, start + 65_536));
  const rows: CsvRow[] = [];
  let fields: string[] = [];
  let [line, rowLine, at] = [1, 1, start];
  while (at < text.length) {
    let field: string;
    if (text[at] === '"') {
      const quoted = readQuoted(text, at, line, where);
      field = quoted.value;
      line += quoted.lines;
      at = quoted.end;
      if (at < text.length && text[at] !== delimiter && !isLineEnd(text[at])) {
        throw problem(where, line, 'after a closing quote there must be a delimiter or the end of the line');
      }
    } else {
      let end = at;
      while (end < text.length && text[end] !== delimiter && !isLineEnd(text[end])) end++;
      field = text.slice(at, end);
      at = end;
    }
    fields.push(field);
    if (text[at] === delimiter) {
      at++;
      // A delimiter at the very end has an empty field behind it.
      if (at < text.length && !isLineEnd(text[at])) continue;
      fields.push('');
    }
    if (fields.length > 1 || fields[0] !== '') rows.push({ line: rowLine, fields });
    fields = [];
    if (text[at] === '\r' && text[at + 1] === '\n') at++;
    at++;
    rowLine = ++line;
  }
  return rows;
}

function readQuoted(text: string, start: number, line: number, where: string) {
  let [value, lines, from] = ['', 0, start + 1];
  for (;;) {
    const end = text.indexOf('"', from);
    if (end < 0) throw problem(where, line, 'a quote is not closed');
    const piece = text.slice(from, end);
    lines += piece.split(/\r\n|\r|\n/).length - 1;
    value += piece;
    if (text[end + 1] !== '"') return { value, lines, end: end + 1 };
    value += '"';
    from = end + 2;
  }
}

function delimiterOf(beginning: string): string {
  const first = (/^[\r\n]*(?:"(?:[^"]|"")*"|[^"\r\n])*/.exec(beginning)?.[0] ?? '').replace(/"(?:[^"]|"")*"/g, '');
  let [best, most] = [',', 0];
  for (const one of DELIMITERS) {
    const count = first.split(one).length - 1;
    if (count > most) [best, most] = [one, count];
  }
  return best;
}

function isLineEnd(character: string | undefined): boolean {
  return character === '\n' || character === '\r';
}

function problem(where: string, line: number, rule: string): FoveaError {
  const remedy = 'Write a quote within quotes twice';
  return new FoveaError('format', { where: `${where}, line ${line}`, rule, remedy, data: { line } });
}
