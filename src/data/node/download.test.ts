import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { download, type PublishedFile } from './download.js';

const contents = Buffer.from('0123456789abcdef');
const sha256 = createHash('sha256').update(contents).digest('hex');

let folder: string;
let server: Server;
let url: string;
let ranges: (string | undefined)[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-download-'));
  ranges = [];
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    answer(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/w.h5`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

const at = (name: string): string => join(folder, name);
const file = (): PublishedFile => ({ urls: [url], path: at('w.h5'), sha256 });

/** Sends the first bytes, then breaks the connection. */
function cutOff(bytes: number) {
  return (_: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(200, { 'content-length': contents.length });
    response.write(contents.subarray(0, bytes), () => setTimeout(() => response.destroy(), 50));
  };
}

/** Answers as servers of files do: what the range asks for. */
function serveRange({ headers }: IncomingMessage, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? Number.NaN);
  if (Number.isNaN(start)) return void response.end(contents);
  if (start >= contents.length) return void response.writeHead(416).end();
  response.writeHead(206, { 'content-range': `bytes ${start}-${contents.length - 1}/${contents.length}` });
  response.end(contents.subarray(start));
}

async function interrupted(): Promise<void> {
  answer = cutOff(6);
  await expect(download(file(), { resume: true })).rejects.toThrow(/did not give it/);
  expect(await readdir(folder)).toEqual(['.w.h5.part']);
  expect(await readFile(at('.w.h5.part'), 'utf8')).toBe('012345');
}

describe('a download that was interrupted', () => {
  afterEach(async () => {
    expect(await readdir(folder)).toEqual(['w.h5']);
    expect(await readFile(at('w.h5'))).toEqual(contents);
  });

  test('goes on where it stopped', async () => {
    await interrupted();
    answer = serveRange;
    const seen: (number | undefined)[][] = [];
    await download(file(), {
      resume: true,
      onProgress: ({ bytes, totalBytes }) => seen.push([bytes, totalBytes]),
    });
    expect(ranges).toEqual([undefined, 'bytes=6-']);
    expect(seen.at(-1)?.[0]).toBe(16);
  });

  test('begins anew at a server that knows no ranges', async () => {
    await interrupted();
    answer = (_, response) => response.end(contents);
    await download(file(), { resume: true });
  });

  test('begins anew where the part belongs to something else', async () => {
    await writeFile(at('.w.h5.part'), 'other');
    answer = serveRange;
    await download(file(), { resume: true });
    expect(ranges).toEqual(['bytes=5-', undefined]);
  });

  test.each([
    ['all of it had arrived', contents, ['bytes=16-']],
    ['more than all of it had arrived', Buffer.concat([contents, contents]), ['bytes=32-', undefined]],
  ])('%s', async (_, part, asked) => {
    await writeFile(at('.w.h5.part'), part);
    answer = serveRange;
    await download(file(), { resume: true });
    expect(ranges).toEqual(asked);
  });
});

describe('nothing is kept', () => {
  afterEach(async () => expect(await readdir(folder)).toEqual([]));

  test('without a hash, nothing would show that parts belong together', async () => {
    answer = cutOff(6);
    await expect(download({ urls: [url], path: at('w.h5') }, { resume: true })).rejects.toThrow(/did not give it/);
  });

  test('other contents', async () => {
    answer = (_, response) => response.end('something else');
    await expect(download(file(), { resume: true })).rejects.toThrow(/SHA-256 \w+ where/);
  });

  test('an empty answer', async () => {
    answer = (_, response) => response.end();
    await expect(download(file(), { resume: true })).rejects.toThrow(/nothing arrived/);
  });
});
