/** `fovea/formats`: readers and writers of other programs' files, from bytes to bytes. */

export { detectFormat, type FileFormat } from './detect.js';
export { type IdxArray, readIdx } from './idx.js';
export type { JsonValue } from './keras/jsonValue.js';
export {
  type KerasFile,
  type KerasLayerWeights,
  type KerasWeight,
  type ReadKerasOptions,
  readKeras,
} from './keras/kerasFile.js';
export { type ImportedModel, type ModelFromKerasOptions, modelFromKeras } from './keras/modelFromKeras.js';
export type { KernelOrdering } from './keras/ordering.js';
export { kerasPieces, type WriteKerasOptions, writeKeras } from './keras/writeKeras.js';
export { type LoadWeightsOptions, loadWeights, type WeightReport } from './loadWeights.js';
export { loadModel, type ModelMetadata, modelPieces, type SaveModelOptions, saveModel } from './modelFile.js';
export { readNpy, writeNpy } from './npy.js';
export {
  onnxPieces,
  type ReadOnnxOptions,
  readOnnx,
  readOnnxWeights,
  type WriteOnnxOptions,
  writeOnnx,
} from './onnx.js';
export { readPytorch } from './pytorch/readPytorch.js';
export {
  readSafetensors,
  type Safetensors,
  type StoredTensor,
  safetensorsPieces,
  type WritableTensor,
  type WriteSafetensorsOptions,
  writeSafetensors,
} from './safetensors.js';
export { modelFromTfjs, type ReadFile, readTfjs } from './tfjs/readTfjs.js';
export { type WeightLayout, type WeightLayoutName, weightLayouts } from './weightLayout.js';
