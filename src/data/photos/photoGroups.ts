import { FoveaError } from '../../tensor/errors.js';

/** What names a photo's group: a regular expression on its path, or, of a list, a column. */
export type GroupRule = string | RegExp;

/**
 * The group of each path: what the first parentheses of the pattern hold, else all that it matches; undefined where it does
 * not match.
 *
 * @throws FoveaError `option` where it is no regular expression or matches no path.
 */
export function groupsByPattern(paths: readonly string[], rule: GroupRule): (string | undefined)[] {
  const where = `group "${rule instanceof RegExp ? rule.source : rule}"`;
  const pattern = compile(rule, where);
  const groups = paths.map((path) => {
    const match = pattern.exec(path);
    return match === null ? undefined : (match.slice(1).find((part) => part !== undefined) ?? match[0]);
  });
  if (paths.length > 0 && groups.every((group) => group === undefined)) {
    throw new FoveaError('option', {
      where,
      rule: 'the pattern must match the paths of photos, or name a column of the list',
      received: `no match in ${paths.length} paths such as "${paths[0]}"`,
      remedy: 'Put what names the group into parentheses, as in "/(p[0-9]+)_"',
    });
  }
  return groups;
}

function compile(rule: GroupRule, where: string): RegExp {
  if (rule instanceof RegExp) return new RegExp(rule.source, rule.flags.replace(/[gy]/g, ''));
  try {
    return new RegExp(rule, 'u');
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const rule = 'it must be a regular expression';
    throw new FoveaError('option', { where, rule, received: message.slice(0, 200), cause });
  }
}
