import { appendFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileError } from '../../formats/node/fileError.js';
import { readFileChecked } from '../../formats/node/files.js';
import { makeFolder } from '../../formats/node/makeFolder.js';

/** The part of a file that has arrived, beside the file's place, so that a later attempt can go on from there. */
export class PartialFile {
  readonly path: string;
  readonly #target: string;

  constructor(target: string) {
    this.#target = target;
    this.path = join(dirname(target), `.${basename(target)}.part`);
  }

  /** Bytes that are there already. */
  async size(): Promise<number> {
    return (await stat(this.path).catch(() => undefined))?.size ?? 0;
  }

  async append(piece: Uint8Array): Promise<void> {
    try {
      await makeFolder(dirname(this.path));
      await appendFile(this.path, piece);
    } catch (error) {
      throw fileError(this.path, 'cannot be written', error);
    }
  }

  read(): Promise<Uint8Array<ArrayBuffer>> {
    return readFileChecked(this.path);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }

  /** Puts it in its place as the whole file. */
  async finish(): Promise<void> {
    await rename(this.path, this.#target).catch((error: unknown) => {
      throw fileError(this.#target, 'cannot be written', error);
    });
  }
}
