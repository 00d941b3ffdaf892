import { arrayDataset } from '../../src/data/arrayDataset.js';
import type { Dataset } from '../../src/data/dataset.js';
import type { Engine } from '../../src/engines/engine.js';
import { checkEngine, type EngineCheck } from '../../src/engines/testing/checkEngine.js';
import { createWasmEngine, type WasmEngineOptions } from '../../src/engines/wasm/index.js';
import { batchNormalization } from '../../src/layers/batchNormalization.js';
import { conv2d } from '../../src/layers/conv2d.js';
import { dense } from '../../src/layers/dense.js';
import { dropout } from '../../src/layers/dropout.js';
import { flatten } from '../../src/layers/flatten.js';
import { maxPooling2d } from '../../src/layers/maxPooling2d.js';
import { spatialDropout2d } from '../../src/layers/spatialDropout2d.js';
import type { Model } from '../../src/model/model.js';
import { sequential } from '../../src/model/sequential.js';
import { RandomStream } from '../../src/tensor/random.js';
import { Tensor } from '../../src/tensor/tensor.js';
import { fit as fitModel } from '../../src/train/fit.js';

/** What Node and a page both do, so that what comes out can be compared. */

export interface Trained {
  /** SHA-256 of every bit of every weight, running statistics included. */
  readonly weights: string;
  /** Loss of each epoch. */
  readonly losses: readonly number[];
}

export interface Pauses {
  /** The longest time in which no timer came to its turn, in milliseconds. */
  readonly longest: number;
  /** How long training took, in milliseconds. */
  readonly training: number;
}

/** Random calls of every op on an engine, compared with their definitions. */
export function check(options: WasmEngineOptions): Promise<readonly EngineCheck[]> {
  return withEngine(options, async (engine) => [
    await checkEngine(engine),
    await checkEngine(engine, { count: 4, large: true, seed: 2 }),
  ]);
}

/** Trains a small network that has everything which could differ: several steps, dropout, running statistics. */
export function train(options: WasmEngineOptions): Promise<Trained> {
  return withEngine(options, async (engine) => {
    const model = sequential([
      conv2d({ filters: 8, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [12, 12, 3] }),
      batchNormalization({ momentum: 0.9 }),
      maxPooling2d(),
      spatialDropout2d({ rate: 0.2 }),
      conv2d({ filters: 12, kernelSize: 3, strides: 2 }),
      batchNormalization({ momentum: 0.9 }),
      flatten(),
      dropout({ rate: 0.4 }),
      dense({ units: 5, activation: 'softmax' }),
    ]);
    const { history } = await fitModel(model, noise(44, [12, 12, 3], 5), {
      engine,
      loss: 'categoricalCrossentropy',
      optimizer: 'adam',
      metrics: ['accuracy'],
      epochs: 3,
      batchSize: 16,
      seed: 7,
    });
    return { weights: await hashOf(model), losses: history.values('loss') };
  });
}

/**
 * Trains the lecture's network and watches by a timer whether this thread comes to its turn meanwhile. The first steps
 * are not watched: in them weights are drawn and everything is compiled.
 */
export function trainBeside(options: WasmEngineOptions): Promise<Pauses> {
  return withEngine(options, async (engine) => {
    const model = sequential([
      conv2d({ filters: 32, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }),
      conv2d({ filters: 32, kernelSize: 3, activation: 'relu' }),
      maxPooling2d(),
      conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }),
      conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }),
      maxPooling2d(),
      flatten(),
      dense({ units: 512, activation: 'relu' }),
      dense({ units: 10, activation: 'softmax' }),
    ]);
    const data = noise(512, [28, 28, 1], 10);
    const settings = { engine, loss: 'categoricalCrossentropy', batchSize: 64, trainSample: 64 } as const;
    await fitModel(model, data, settings);
    const watch = watchTimer();
    const start = performance.now();
    await fitModel(model, data, settings);
    const training = performance.now() - start;
    return { longest: watch.stop(), training };
  });
}

/** Turns of a timer; the time between two of them is how long something else held the thread. */
function watchTimer(): { stop(): number } {
  let last = performance.now();
  let longest = 0;
  const tick = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(tick, 2);
  return {
    stop: () => {
      tick();
      clearInterval(timer);
      return longest;
    },
  };
}

async function withEngine<T>(options: WasmEngineOptions, use: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await createWasmEngine(options);
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

function noise(size: number, shape: readonly [number, number, number], classes: number): Dataset {
  const random = new RandomStream(3, 'images');
  const perImage = shape[0] * shape[1] * shape[2];
  const labels = Int32Array.from({ length: size }, (_, i) => i % classes);
  const x = Float32Array.from({ length: size * perImage }, (_, i) => {
    return random.uniform() + (i % classes === labels[Math.floor(i / perImage)] ? 0.5 : 0);
  });
  return arrayDataset(new Tensor(x, [size, ...shape]), new Tensor(labels, [size]));
}

async function hashOf(model: Model): Promise<string> {
  const weights = await model.getWeights();
  const bytes = new Uint8Array(weights.reduce((sum, { data }) => sum + data.byteLength, 0));
  let at = 0;
  for (const { data } of weights) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
