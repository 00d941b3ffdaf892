import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: {
      '#platform': source('engines/wasm/platform/node.ts'),
      'fovea/node': source('node.ts'),
      'fovea/zoo': source('zoo/index.ts'),
      'fovea/formats': source('formats/index.ts'),
      'fovea/augment': source('data/augment/index.ts'),
      'fovea/photos': source('data/photos/index.ts'),
      'fovea/draw': source('draw/index.ts'),
      'fovea/explain': source('explain/index.ts'),
      'fovea/pages': source('pages/index.ts'),
      'fovea/report': source('report/index.ts'),
      fovea: source('index.ts'),
    },
  },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
