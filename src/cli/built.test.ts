import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** What only a process of its own shows: signals, pipes that close, the engine's workers. */
const script = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const engineModule = new URL('../../dist/engines/wasm/index.js', import.meta.url).pathname;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-cli-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

test.skipIf(!existsSync(engineModule))('an engine starts in a program that does nothing else', async () => {
  const program = `const { createWasmEngine } = await import(${JSON.stringify(engineModule)});
    console.log((await createWasmEngine({ threads: 1 })).description.name);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  let out = '';
  for await (const piece of child.stdout) out += piece;
  expect(out).toBe('wasm\n');
});

const at = (name: string): string => join(folder, name);

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [script, ...args], { cwd: folder });
  const texts = { out: '', err: '' };
  child.stdout.on('data', (piece: Buffer) => {
    texts.out += piece.toString();
  });
  child.stderr.on('data', (piece: Buffer) => {
    texts.err += piece.toString();
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  return { child, texts, ended };
}

/** Long enough to be stopped on its way: 600 steps. */
const train = (run: string): string[] => [
  ...['train', 'digits', '--model', 'linear', '--train-size', '2100', '--test-size', '20', '--validation', '100'],
  ...['--batch-size', '10', '--epochs', '3', '--checkpoint-every', '20', '--threads', '2', '--run', at(run)],
];

describe.skipIf(!existsSync(script))('the built program', () => {
  async function until(condition: () => boolean): Promise<void> {
    for (let i = 0; i < 2000 && !condition(); i++) await sleep(10);
    expect(condition()).toBe(true);
  }

  test('killed and resumed, and stopped by Ctrl-C and resumed: the same model bytes', async () => {
    const whole = start(train('whole'));
    expect((await whole.ended).code).toBe(0);
    const model = await readFile(at('whole/model.safetensors'));

    const killed = start(train('killed'));
    await until(() => existsSync(at('killed/checkpoint.safetensors')));
    killed.child.kill('SIGKILL');
    expect(await killed.ended).toEqual({ code: null, signal: 'SIGKILL' });
    const resumed = start(['train', '--resume', at('killed'), '--threads', '1']);
    expect((await resumed.ended).code).toBe(0);
    expect(await readFile(at('killed/model.safetensors'))).toEqual(model);

    const stopped = start(train('stopped'));
    await until(() => existsSync(at('stopped/checkpoint.safetensors')));
    stopped.child.kill('SIGINT');
    expect(await stopped.ended).toEqual({ code: 130, signal: null });
    expect(stopped.texts.out).toMatch(/^Stopped in epoch \d of 3/m);
    expect((await start(['train', '--resume', at('stopped')]).ended).code).toBe(0);
    expect(await readFile(at('stopped/model.safetensors'))).toEqual(model);
  }, 120_000);

  test('whoever reads goes away: it ends without an error', async () => {
    const { child, texts, ended } = start([
      'train',
      'digits',
      '--json',
      '--train-size',
      '2000',
      '--epochs',
      '500',
      '--model',
      'linear',
    ]);
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(texts.err).toBe('');
  }, 60_000);

  test('--version', async () => {
    const { texts, ended } = start(['--version']);
    expect((await ended).code).toBe(0);
    expect(texts.out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
