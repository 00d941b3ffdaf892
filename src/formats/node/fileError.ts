import { FoveaError } from '../../tensor/errors.js';

/** What the system's error codes mean to a person, and what helps. */
const meanings: Readonly<Record<string, readonly [rule: string, remedy: string]>> = {
  ENOENT: ['there is no such file or folder', 'Check the path, or create the folder first'],
  EACCES: ['this user may not access it', 'Change its permissions or choose another place'],
  EPERM: ['the system does not permit it', 'Change its permissions or choose another place'],
  EROFS: ['the file system is read-only', 'Choose a folder that can be written to'],
  ENOSPC: ['the disk is full', 'Free some space or choose another disk'],
  EDQUOT: ['the disk quota is used up', 'Free some space or choose another disk'],
  EFBIG: ['the file would be larger than the system allows', 'Raise the limit or choose another disk'],
  EISDIR: ['it is a folder', 'Name a file in it'],
  ENOTDIR: ['a part of the path is no folder', 'Check the path'],
  EEXIST: ['something is already there', 'Choose another name'],
  ENAMETOOLONG: ['the name is too long', 'Choose a shorter one'],
  EMFILE: ['too many files are open', 'Close some or raise the limit'],
  EBUSY: ['it is in use', 'Close the program that uses it'],
  EIO: ['the disk reports an error', 'Check the disk'],
};

/** The error of a file operation that the system refused: `action` is what was tried, as `cannot be read`. */
export function fileError(path: string, action: string, cause: unknown): FoveaError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  const [reason, remedy] = (code === undefined ? undefined : meanings[code]) ?? [
    cause instanceof Error ? cause.message : String(cause),
    'Check the path and the disk',
  ];
  return new FoveaError('file', {
    where: `file "${path}"`,
    rule: `${action}: ${reason}`,
    ...(code === undefined ? {} : { received: `the system's error ${code}` }),
    remedy,
    data: { path, systemCode: code },
    cause,
  });
}
