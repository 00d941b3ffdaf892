import type { Command } from 'commander';
import { FoveaError } from '../../tensor/errors.js';

/**
 * Throws `option` where a command that continues a run was given what was decided when the run began: an argument, or any
 * option but `--resume` and those with these flags.
 */
export function checkResumeOptions(command: Command, free: readonly string[], argument: string): void {
  const options: Readonly<Record<string, unknown>> = command.opts();
  const given = command.options.filter((one) => {
    const flag = one.long ?? one.flags;
    return flag !== '--resume' && !free.includes(flag) && options[one.attributeName()] !== undefined;
  });
  const words = [...given.map((one) => one.long ?? one.flags), ...(command.args.length === 0 ? [] : [argument])];
  if (words.length === 0) return;
  throw new FoveaError('option', {
    where: 'option --resume',
    rule: `a run goes on as it began: only ${free.slice(0, -1).join(', ')} and ${free.at(-1)} may be added`,
    received: words.join(', '),
    remedy: 'Leave that out, or begin a new run',
  });
}
