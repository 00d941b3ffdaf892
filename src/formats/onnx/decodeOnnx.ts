import { fromBinary } from '@bufbuild/protobuf';
import { FoveaError } from '../../tensor/errors.js';
import { formatError } from '../formatError.js';
import { type GraphProto, type ModelProto, ModelProtoSchema } from './onnx_pb.js';
import { checkWire } from './wireLimits.js';

/** A decoded file, its parts that every model has. */
export interface DecodedOnnx {
  readonly proto: ModelProto;
  readonly graph: GraphProto;
  /** Version of the standard operators. */
  readonly opset: number;
}

const DAMAGED = 'The file is damaged or no ONNX model: fetch or write it anew';
/** Operators of older versions have other attributes. */
const OLDEST_OPSET = 7;

/** Decodes an ONNX file; weights stay views of `bytes`. @throws FoveaError `format`. */
export function decodeOnnx(bytes: Uint8Array, where: string): DecodedOnnx {
  let proto: ModelProto;
  try {
    checkWire(bytes, where);
    proto = fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (cause) {
    if (cause instanceof FoveaError) throw cause;
    const received = cause instanceof Error ? cause.message.slice(0, 100) : 'other bytes';
    throw formatError(where, 'an ONNX file is one ModelProto message', received, DAMAGED, cause);
  }
  const { graph } = proto;
  if (graph === undefined) throw formatError(where, 'an ONNX model has a graph', 'a message without one', DAMAGED);
  const standard = proto.opsetImport.find(({ domain }) => isStandard(domain));
  const opset = Number(standard?.version ?? 0n);
  if (opset < OLDEST_OPSET) {
    const remedy = 'Convert it with onnx.version_converter, or export it anew';
    throw formatError(where, `operators of version ${OLDEST_OPSET} and later are read`, `version ${opset}`, remedy);
  }
  return { proto, graph, opset };
}

/** True for the name of ONNX's own set of operators. */
export function isStandard(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}

/** The file's own texts. */
export function metadataOf({ proto }: DecodedOnnx): Record<string, string> {
  const pairs = proto.metadataProps.filter(({ key }) => key !== '__proto__');
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}
