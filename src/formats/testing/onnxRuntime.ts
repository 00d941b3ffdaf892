import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';

/** As much of onnxruntime-node as tests use. */
interface Ort {
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: object): Promise<OrtSession>;
  };
}

interface OrtTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

interface OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

/** onnxruntime-node from the benchmarks' folder, or from the folder that FOVEA_ORT names; undefined where it is nowhere. */
export const ort: Ort | undefined = load();

function load(): Ort | undefined {
  const bench = fileURLToPath(new URL('../../../bench/', import.meta.url));
  for (const folder of [process.env.FOVEA_ORT, bench]) {
    if (folder === undefined) continue;
    try {
      return createRequire(join(folder, 'from.js'))('onnxruntime-node') as Ort;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}

export const noOrt = 'skipped, there is no onnxruntime-node in bench/node_modules nor in the folder FOVEA_ORT';

/** What onnxruntime-node makes of examples in our order of axes, with its results in our order too. */
export async function runOrt(bytes: Uint8Array, inputs: readonly Tensor<'float32'>[]): Promise<Tensor<'float32'>[]> {
  const { Tensor: Made, InferenceSession } = ort as Ort;
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 2, logSeverityLevel: 3 });
  try {
    const feeds = session.inputNames.map((name, i) => {
      const { data, shape } = channelsFirst(inputs[i] as Tensor<'float32'>);
      return [name, new Made('float32', data, shape)] as const;
    });
    const results = await session.run(Object.fromEntries(feeds));
    return session.outputNames.map((name) => {
      const { data, dims } = results[name] as OrtTensor;
      return channelsLast(new Tensor<'float32'>(Float32Array.from(data), dims));
    });
  } finally {
    await session.release();
  }
}

/** [n, h, w, c] → [n, c, h, w]; others stay. */
function channelsFirst(x: Tensor<'float32'>): Tensor<'float32'> {
  return x.shape.length === 4 ? permuted(x, [0, 3, 1, 2]) : x;
}

function channelsLast(x: Tensor<'float32'>): Tensor<'float32'> {
  return x.shape.length === 4 ? permuted(x, [0, 2, 3, 1]) : x;
}

function permuted(
  { data, shape }: Tensor<'float32'>,
  axes: readonly [number, number, number, number],
): Tensor<'float32'> {
  const target = axes.map((axis) => shape[axis] as number) as [number, number, number, number];
  const strides = axes.map((axis) => sizeOf(shape.slice(axis + 1))) as [number, number, number, number];
  const result = new Float32Array(data.length);
  let at = 0;
  for (let a = 0; a < target[0]; a++) {
    for (let b = 0; b < target[1]; b++) {
      for (let c = 0; c < target[2]; c++) {
        for (let d = 0; d < target[3]; d++) {
          result[at++] = data[a * strides[0] + b * strides[1] + c * strides[2] + d * strides[3]] as number;
        }
      }
    }
  }
  return new Tensor<'float32'>(result, target as Shape);
}
