import { FoveaError } from '../../tensor/errors.js';
import { formatShape } from '../../tensor/shape.js';
import type { Photo } from './photo.js';
import type { PhotoCache } from './photoCache.js';
import type { PhotoProblem, PhotoProblemKind } from './photoProblem.js';
import type { PhotoSource } from './photoSource.js';

export interface PhotoLoaderOptions {
  /** Photos that are decoded at the same time. @default 2 */
  readonly concurrency?: number;
  /** Bytes for photos that were decoded ahead and not yet asked for. @default 64 MiB */
  readonly aheadBytes?: number;
  readonly cache?: PhotoCache;
  /** Told of each photo that cannot be decoded, once. */
  readonly onProblem?: (problem: PhotoProblem) => void;
}

/** Pixels of a photo, or undefined for one that cannot be decoded. */
type Loading = Promise<Uint8Array | undefined>;

interface Job {
  readonly index: number;
  readonly finish: (pixels: Uint8Array | undefined) => void;
}

/** Decodes the photos of a source, a few at a time: those that are waited for first, then those that will be asked for. */
export class PhotoLoader {
  readonly source: PhotoSource;
  /** Photos that turned out not to be decodable, in the order in which that was found. */
  readonly problems: PhotoProblem[] = [];
  /** How long training and measuring stood still for photos that were not yet decoded. */
  waitedSeconds = 0;
  readonly #broken = new Set<number>();
  readonly #cache: PhotoCache | undefined;
  readonly #concurrency: number;
  readonly #mostAhead: number;
  readonly #onProblem: ((problem: PhotoProblem) => void) | undefined;
  readonly #ahead = new Map<number, Loading>();
  readonly #urgent: Job[] = [];
  #later: Job[] = [];
  #running = 0;

  constructor(source: PhotoSource, options: PhotoLoaderOptions = {}) {
    const { concurrency = 2, aheadBytes = 2 ** 26 } = options;
    if (!(Number.isSafeInteger(concurrency) && concurrency >= 1 && concurrency <= 64 && aheadBytes >= 0)) {
      throw new FoveaError('option', {
        where: 'photos',
        rule: 'concurrency must be a whole number from 1 to 64, aheadBytes at least 0',
        received: `${concurrency}, ${aheadBytes}`,
      });
    }
    this.source = source;
    this.#cache = options.cache;
    this.#concurrency = concurrency;
    this.#mostAhead = Math.floor(aheadBytes / (source.height * source.width * 3));
    this.#onProblem = options.onProblem;
  }

  /** Number of photos that are decoded or waiting to be, ahead of being asked for. */
  get aheadCount(): number {
    return this.#ahead.size;
  }

  /** Whether a photo has been found not to be decodable. */
  isBroken(index: number): boolean {
    return this.#broken.has(index);
  }

  /** The pixels of a photo [height, width, 3], or undefined where it cannot be decoded, which is then among the problems. */
  load(index: number): Loading {
    const ahead = this.#ahead.get(index);
    if (ahead !== undefined) {
      this.#ahead.delete(index);
      this.#hurry(index);
      return ahead;
    }
    return this.#enqueue(index, this.#urgent);
  }

  /** Says which photos will be asked for next. What was said before and is not among them is forgotten. */
  expect(indices: Iterable<number>): void {
    const wanted = new Set<number>();
    for (const index of indices) if (wanted.size < this.#mostAhead) wanted.add(index);
    for (const index of this.#ahead.keys()) if (!wanted.has(index)) this.#ahead.delete(index);
    const dropped = this.#later.filter(({ index }) => !wanted.has(index));
    this.#later = this.#later.filter(({ index }) => wanted.has(index));
    for (const { finish } of dropped) finish(undefined);
    for (const index of wanted) {
      if (!this.#ahead.has(index) && !this.#broken.has(index))
        this.#ahead.set(index, this.#enqueue(index, this.#later));
    }
  }

  /** A photo that waits among the later ones is waited for now. */
  #hurry(index: number): void {
    const at = this.#later.findIndex((job) => job.index === index);
    if (at >= 0) this.#urgent.push(...this.#later.splice(at, 1));
  }

  #enqueue(index: number, queue: Job[]): Loading {
    return new Promise((finish) => {
      queue.push({ index, finish });
      this.#next();
    });
  }

  #next(): void {
    while (this.#running < this.#concurrency) {
      const job = this.#urgent.shift() ?? this.#later.shift();
      if (job === undefined) return;
      this.#running++;
      void this.#decode(job.index).then((pixels) => {
        this.#running--;
        job.finish(pixels);
        this.#next();
      });
    }
  }

  async #decode(index: number): Loading {
    if (this.#broken.has(index)) return undefined;
    try {
      const kept = await this.#cache?.get(index);
      if (kept !== undefined) return kept;
      const photo = await this.source.load(index);
      this.#checkSize(photo, index);
      await this.#cache?.put(index, photo.pixels);
      return photo.pixels;
    } catch (error) {
      this.#report(index, error);
      return undefined;
    }
  }

  #checkSize({ height, width, pixels }: Photo, index: number): void {
    const { source } = this;
    if (height === source.height && width === source.width && pixels.length === height * width * 3) return;
    const rule = `every photo must be ${formatShape([source.height, source.width, 3])}`;
    const received = `${formatShape([height, width, 3])}, ${pixels.length} bytes`;
    throw new FoveaError('shape', { where: `photo "${source.names[index]}"`, rule, received });
  }

  #report(index: number, error: unknown): void {
    if (this.#broken.has(index)) return;
    this.#broken.add(index);
    const problem = photoProblem(this.source.names[index] as string, error);
    this.problems.push(problem);
    this.#onProblem?.(problem);
  }
}

/** What an error while reading a photo says of it. */
export function photoProblem(path: string, error: unknown): PhotoProblem {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof FoveaError)) return { path, kind: 'broken', message };
  const kind = error.code === 'file' ? 'unreadable' : ((error.data.kind as PhotoProblemKind | undefined) ?? 'broken');
  return { path, kind, message };
}
