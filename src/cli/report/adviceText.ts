import type { Advice, Step } from '../../report/coach/finding.js';
import { columns, shellWord } from '../format.js';
import { paint, type Terminal } from '../terminal.js';

/** What the coach says, in lines for a terminal. @param next the words of the command that takes the next step. */
export function adviceLines(terminal: Terminal, advice: Advice, next: readonly string[] | undefined): string[] {
  const { sentence, evidence, steps, others, reason } = advice;
  const rows = evidence.map(({ what, text }) => [`  ${what}`, text]);
  const wide = rows.some(([a = '', b = '']) => a.length + b.length > 76);
  return [
    `${paint(terminal, 'bold', 'Coach')}      ${sentence}`,
    ...(wide ? rows.flatMap(([what = '', text = '']) => [`${what}:`, `      ${text}`]) : columns(rows)),
    `${paint(terminal, 'bold', 'Next step')}  ${steps[0].what}`,
    ...(next === undefined ? [] : [`    ${paint(terminal, 'cyan', commandText(terminal, next))}`]),
    ...others.map((one) => `Also found: ${one.sentence}`),
    `Why: ${reason}`,
  ];
}

/** A command as a person types it. */
export function commandText({ program }: Pick<Terminal, 'program'>, words: readonly string[]): string {
  return [program, ...words].map((word, i) => (i === 0 ? word : shellWord(word))).join(' ');
}

/** The settings of a step as options of a command; undefined where the step is not for a command to do. */
export function stepWords({ settings }: Step): string[] | undefined {
  const entries = Object.entries(settings);
  if (entries.length === 0) return undefined;
  return entries.flatMap(([name, value]) => [optionName(name), `${value}`]);
}

/** `learningRate` as `--learning-rate`. */
function optionName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A command's words with options put in the place of those that it had. */
export function withOptions(words: readonly string[], options: readonly string[]): string[] {
  const result = [...words];
  for (let i = 0; i < options.length; i += 2) {
    const [name, value] = [options[i] as string, options[i + 1] as string];
    const at = result.indexOf(name);
    if (at === -1) result.push(name, value);
    else result[at + 1] = value;
  }
  return result;
}
