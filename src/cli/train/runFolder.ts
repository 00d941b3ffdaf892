import { mkdir, readdir, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ModelMetadata, saveModel } from '../../formats/modelFile.js';
import { fileError } from '../../formats/node/fileError.js';
import { readFileChecked, writeFileAtomic } from '../../formats/node/files.js';
import { makeFolder } from '../../formats/node/makeFolder.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { CONFIG_FILE } from '../configFile.js';
import { megabytes } from '../format.js';
import { MODEL_FILE } from '../models/modelSource.js';

/** After this many folders of one name something is wrong. */
const MOST_FOLDERS = 10_000;

/** The folder of one run: configuration, log, checkpoint, model. */
export class RunFolder {
  readonly path: string;
  /** It was there before this command. */
  readonly continued: boolean;
  #worthKeeping: boolean;

  constructor(path: string, continued: boolean) {
    this.path = path;
    this.continued = continued;
    this.#worthKeeping = continued;
  }

  get logJsonl(): string {
    return join(this.path, 'log.jsonl');
  }

  get logCsv(): string {
    return join(this.path, 'log.csv');
  }

  /** Weights that the run began with, where they came from a file. */
  get initial(): string {
    return join(this.path, 'initial.safetensors');
  }

  get checkpoint(): string {
    return join(this.path, 'checkpoint.safetensors');
  }

  /** Of the stage in which more layers than the new one learn. */
  get checkpointOfMoreLayers(): string {
    return join(this.path, 'checkpoint-more-layers.safetensors');
  }

  get model(): string {
    return join(this.path, MODEL_FILE);
  }

  get isWorthKeeping(): boolean {
    return this.#worthKeeping;
  }

  get report(): string {
    return join(this.path, 'report.html');
  }

  /** Something was learnt: the folder stays whatever happens. */
  keep(): void {
    this.#worthKeeping = true;
  }

  async writeConfig(config: object): Promise<void> {
    await writeFileAtomic(join(this.path, CONFIG_FILE), `${JSON.stringify(config, undefined, 2)}\n`);
  }

  async writeModel(model: Model, metadata: ModelMetadata): Promise<void> {
    await writeFileAtomic(this.model, await saveModel(model, metadata));
  }

  /** The bytes of the checkpoint; undefined where the run ended before the first. */
  async readCheckpoint(path = this.checkpoint): Promise<Uint8Array | undefined> {
    try {
      return await readFileChecked(path);
    } catch (error) {
      if (error instanceof FoveaError && error.data.systemCode === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Removes a folder in which nothing has happened yet. */
  async removeIfEmpty(): Promise<void> {
    if (this.#worthKeeping) return;
    for (const path of [join(this.path, CONFIG_FILE), this.initial, this.logCsv, this.logJsonl])
      await rm(path, { force: true });
    const left = await readdir(this.path).catch(() => ['?']);
    if (left.length === 0) await rm(this.path, { recursive: true });
  }
}

/**
 * Makes a folder for a run. One that is there already, and is not empty, is never written to: then a number is added to
 * the name.
 */
export async function makeRunFolder(wanted: string): Promise<RunFolder> {
  await makeFolder(dirname(wanted)).catch((error: unknown) => {
    throw fileError(dirname(wanted), 'cannot be created', error);
  });
  for (let number = 1; number <= MOST_FOLDERS; number++) {
    const path = number === 1 ? wanted : `${wanted.replace(/[/\\]+$/, '')}-${number}`;
    try {
      await mkdir(path);
      return new RunFolder(path, false);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fileError(path, 'cannot be created', error);
      if ((await readdir(path).catch(() => ['?'])).length === 0) return new RunFolder(path, false);
    }
  }
  throw new FoveaError('file', { where: `folder "${wanted}"`, rule: 'there are too many runs of this name' });
}

/** Throws where the disk has not enough room for what a run writes. */
export async function checkRoom(folder: string, bytes: number): Promise<void> {
  const found = await statfs(folder).catch(() => undefined); // not every file system can say
  if (found === undefined || found.blocks === 0) return;
  const free = found.bavail * found.bsize;
  if (free >= bytes) return;
  throw new FoveaError('file', {
    where: `folder "${folder}"`,
    rule: `checkpoints and model of this run need ${megabytes(bytes)}`,
    received: `${megabytes(free)} free on this disk`,
    remedy: 'Free some space, or choose a folder on another disk with --run',
    data: { systemCode: 'ENOSPC', free, needed: bytes },
  });
}

/** `runs/2026-01-31-digits-cnn` */
export function usualRunFolder(now: Date, data: string, model: string): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const plain = (text: string): string => text.replace(/[^\w.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '') || 'x';
  return join('runs', `${day}-${plain(data).slice(0, 60)}-${plain(model).slice(0, 60)}`);
}
