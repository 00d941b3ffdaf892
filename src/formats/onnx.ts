import type { Model } from '../model/model.js';
import type { Shape } from '../tensor/shape.js';
import type { Safetensors } from './safetensors.js';

/** How an ONNX file is read. */
export interface ReadOnnxOptions {
  /** How messages name the file. @default 'ONNX file' */
  readonly where?: string;
  /** Fetches a file beside the model that holds weights, by its name relative to the model's folder. */
  readonly externalData?: (location: string) => Promise<Uint8Array>;
  /** Shape of one example, [h, w, c] for pictures, where the file leaves sizes open. */
  readonly inputShape?: Shape;
}

/** How an ONNX file is written. */
export interface WriteOnnxOptions {
  /** Order of the axes of pictures that go in and come out. @default 'nchw', as other ONNX files */
  readonly layout?: 'nchw' | 'nhwc';
  /** Store weights as float16, at half the size; the network still computes in float32. @default false */
  readonly half?: boolean;
  /** Texts to go with the model: names of classes, preprocessing. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Reads an ONNX file (operators of version 7 and later) as a model with its weights. Pictures [n, c, h, w] become
 * [n, h, w, c], the rows of a dense layer after a flatten likewise. `metadata` holds the file's own texts.
 *
 * @throws FoveaError `format` where the file is damaged, or has an operator that no layer does: it names node and operator.
 */
export async function readOnnx(
  bytes: Uint8Array,
  options: ReadOnnxOptions = {},
): Promise<{ model: Model; metadata: Record<string, string> }> {
  const { where = 'ONNX file', inputShape } = options;
  const { decodeOnnx, metadataOf } = await import('./onnx/decodeOnnx.js');
  const { importGraph } = await import('./onnx/importGraph.js');
  const { fetchExternal } = await import('./onnx/constants.js');
  const decoded = decodeOnnx(bytes, where);
  const external = await fetchExternal(decoded.graph.initializer, where, options.externalData);
  const fileBytes = [...external.values()].reduce((sum, file) => sum + file.length, bytes.length);
  const shape = inputShape === undefined ? {} : { inputShape };
  const model = await importGraph(decoded, { where, external, fileBytes, ...shape });
  return { model, metadata: metadataOf(decoded) };
}

/** Reads the weights of an ONNX file alone, as the file orders them, by the names that it gives them. */
export async function readOnnxWeights(
  bytes: Uint8Array,
  options: Omit<ReadOnnxOptions, 'inputShape'> = {},
): Promise<Safetensors> {
  const { where = 'ONNX file' } = options;
  const { decodeOnnx, metadataOf } = await import('./onnx/decodeOnnx.js');
  const { fetchExternal, readInitializers } = await import('./onnx/constants.js');
  const decoded = decodeOnnx(bytes, where);
  const external = await fetchExternal(decoded.graph.initializer, where, options.externalData);
  const constants = readInitializers(decoded.graph.initializer, external, where);
  const tensors = [...constants].map(([name, constant]) => {
    const { dtype, shape } = constant;
    return [name, { dtype, shape, data: constant.numbers() }] as const;
  });
  return { tensors: new Map(tensors), metadata: metadataOf(decoded) };
}

/**
 * A model as an ONNX file (operators of version 17, IR version 8), in inference mode, with its weights: pieces to be
 * written one after the other. Inputs and outputs keep their layers' names, the batch is open.
 *
 * @throws FoveaError `option` for a layer of the user's own, `memory` where the file would exceed ONNX's 2 GiB.
 */
export async function onnxPieces(model: Model, options: WriteOnnxOptions = {}): Promise<Uint8Array[]> {
  const { exportModel } = await import('./onnx/exportModel.js');
  return exportModel(model, options);
}

/** The same as {@link onnxPieces} in one array. */
export async function writeOnnx(model: Model, options: WriteOnnxOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const pieces = await onnxPieces(model, options);
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
