import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** One script for browsers out of a module and all that it imports; a module of Node's own in it is an error. */
export async function bundle(entry: string): Promise<Uint8Array> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(entry, new URL('../../', import.meta.url)))],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    alias: { '#platform': `${root}src/engines/wasm/platform/browser.ts` },
    logLevel: 'silent',
  });
  return (result.outputFiles[0] as { contents: Uint8Array }).contents;
}

export interface Site {
  /** A page that is cross-origin isolated: its workers may share memory. */
  readonly isolated: string;
  /** The same page without the headers for it. */
  readonly plain: string;
  close(): Promise<void>;
}

/** Serves a page with a script to this machine alone. */
export async function serve(script: Uint8Array): Promise<Site> {
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    const isolation = {
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    };
    const headers = path.startsWith('/isolated/') ? isolation : {};
    if (path.endsWith('/page.js')) {
      response.writeHead(200, { ...headers, 'content-type': 'text/javascript' }).end(script);
    } else if (path.endsWith('/')) {
      const html =
        '<!doctype html><meta charset="utf-8"><title>Fovea</title><script type="module" src="page.js"></script>';
      response.writeHead(200, { ...headers, 'content-type': 'text/html' }).end(html);
    } else {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    isolated: `${origin}/isolated/`,
    plain: `${origin}/plain/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
