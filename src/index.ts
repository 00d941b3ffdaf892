/** Everything that runs anywhere, in Node and in browsers. What needs Node is in `fovea/node`. */

export type { Plan, PlanStep } from './compile/plan.js';
export { type PlanBuffer, type PlanFacts, type PlanStepFacts, planFacts, planText } from './compile/planText.js';
export { type ArrayDatasetOptions, arrayDataset } from './data/arrayDataset.js';
export type { Batch, BatchSource, Dataset } from './data/dataset.js';
export { type DigitsOptions, digits } from './data/digits.js';
export { type MnistFiles, type MnistPart, type MnistVariant, mnistFileNames, mnistFromFiles } from './data/mnist.js';
export { framePhoto } from './data/photos/framePhoto.js';
export type { Photo } from './data/photos/photo.js';
export { memoryPhotoCache, type PhotoCache } from './data/photos/photoCache.js';
export { type Normalization, type PhotoDataset, photoDataset } from './data/photos/photoDataset.js';
export { PhotoLoader, type PhotoLoaderOptions } from './data/photos/photoLoader.js';
export type { PhotoProblem, PhotoProblemKind } from './data/photos/photoProblem.js';
export type { FoundPhoto, PhotoReport } from './data/photos/photoReport.js';
export type { PhotoSource } from './data/photos/photoSource.js';
export { type Interpolation, normalizePixels, type Preprocessing } from './data/photos/preprocessing.js';
export { resizePhoto } from './data/photos/resizePhoto.js';
export { type PixelDatasetOptions, pixelDataset } from './data/pixelDataset.js';
export { type SplitOptions, split } from './data/split.js';
export { subset } from './data/subset.js';
export { defaultEngine } from './engines/defaultEngine.js';
export type { Engine, EngineDescription, Feeds, Program, RunResult } from './engines/engine.js';
export { ReferenceEngine } from './engines/reference/referenceEngine.js';
export { createWasmEngine, type WasmBuild, type WasmEngineOptions } from './engines/wasm/index.js';
export { type IdxArray, readIdx } from './formats/idx.js';
export { loadModel, type ModelMetadata, type SaveModelOptions, saveModel } from './formats/modelFile.js';
export {
  readSafetensors,
  type Safetensors,
  type StoredTensor,
  type WritableTensor,
  type WriteSafetensorsOptions,
  writeSafetensors,
} from './formats/safetensors.js';
export { type ActivationOptions, activation } from './layers/activation.js';
export { add } from './layers/add.js';
export { averagePooling2d } from './layers/averagePooling2d.js';
export type { DropoutOptions } from './layers/baseDropout.js';
export type { GlobalPooling2dOptions } from './layers/baseGlobalPooling2d.js';
export type { Pooling2dOptions } from './layers/basePooling2d.js';
export { type BatchNormalizationOptions, batchNormalization } from './layers/batchNormalization.js';
export { type ChannelPaddingOptions, channelPadding } from './layers/channelPadding.js';
export { type ConcatenateOptions, concatenate } from './layers/concatenate.js';
export { type Constraint, maxNorm, minMaxNorm, nonNegative, unitNorm } from './layers/constraints.js';
export { type Conv2dOptions, conv2d } from './layers/conv2d.js';
export { type Conv2dTransposeOptions, conv2dTranspose } from './layers/conv2dTranspose.js';
export { type Cropping2dOptions, cropping2d } from './layers/cropping2d.js';
export {
  type DefinedContext,
  type DefinedLayerFactory,
  defineLayer,
  type LayerDefinition,
} from './layers/defineLayer.js';
export { type DenseOptions, dense } from './layers/dense.js';
export { type DepthwiseConv2dOptions, depthwiseConv2d } from './layers/depthwiseConv2d.js';
export { dropout } from './layers/dropout.js';
export { type EluOptions, elu } from './layers/elu.js';
export { flatten } from './layers/flatten.js';
export { type GeluOptions, gelu } from './layers/gelu.js';
export { globalAveragePooling2d } from './layers/globalAveragePooling2d.js';
export { globalMaxPooling2d } from './layers/globalMaxPooling2d.js';
export type { Initializer } from './layers/initializers.js';
export { type InputOptions, input } from './layers/input.js';
export type { Json, JsonObject } from './layers/json.js';
export { type CallContext, Layer, type LayerOptions, type Weight, type WeightSpec } from './layers/layer.js';
export { type LayerNormalizationOptions, layerNormalization } from './layers/layerNormalization.js';
export type { LayerOutput } from './layers/layerOutput.js';
export { type LeakyReluOptions, leakyRelu } from './layers/leakyRelu.js';
export {
  type LocalResponseNormalizationOptions,
  localResponseNormalization,
} from './layers/localResponseNormalization.js';
export { maxPooling2d } from './layers/maxPooling2d.js';
export { multiply } from './layers/multiply.js';
export { type NormalizationOptions, normalization } from './layers/normalization.js';
export { relu6, sigmoid, silu, softplus, tanh } from './layers/plainActivations.js';
export { type CustomLayerFactory, type LayerConfig, layerFromConfig } from './layers/registry.js';
export { l1, l1l2, l2, type Regularizer } from './layers/regularizers.js';
export { type ReluOptions, relu } from './layers/relu.js';
export { type RescalingOptions, rescaling } from './layers/rescaling.js';
export { type ReshapeOptions, reshape } from './layers/reshape.js';
export { type SeparableConv2dOptions, separableConv2d } from './layers/separableConv2d.js';
export { type SoftmaxOptions, softmax } from './layers/softmax.js';
export { spatialDropout2d } from './layers/spatialDropout2d.js';
export { type UpSampling2dOptions, upSampling2d } from './layers/upSampling2d.js';
export { type ZeroPadding2dOptions, zeroPadding2d } from './layers/zeroPadding2d.js';
export { type FunctionalOptions, model } from './model/functional.js';
export { type Connections, Model, type ModelOptions, type ModelWeight, type ParameterCounts } from './model/model.js';
export { modelFromConfig } from './model/modelFromConfig.js';
export { sequential } from './model/sequential.js';
export type { Summary, SummaryOptions, SummaryRow } from './model/summary.js';
export { Graph, type Value } from './ops/graph.js';
export * as ops from './ops/index.js';
export { opTable } from './ops/table.js';
export { type ErrorCode, FoveaError } from './tensor/errors.js';
export type { DType, Shape, TensorSpec } from './tensor/shape.js';
export { Tensor, type TensorData, tensor } from './tensor/tensor.js';
export type { Variable } from './tensor/variable.js';
export type { BatchInfo, Callback, CallbackState, TrainingRun } from './train/callbacks/callback.js';
export { type EarlyStoppingOptions, earlyStopping } from './train/callbacks/earlyStopping.js';
export { csvLog, jsonLinesLog, type LogSink, type LogStage } from './train/callbacks/log.js';
export { type ModelCheckpointOptions, modelCheckpoint } from './train/callbacks/modelCheckpoint.js';
export { type ReduceOnPlateauOptions, reduceOnPlateau } from './train/callbacks/reduceOnPlateau.js';
export type { Checkpoint, CheckpointOptions } from './train/checkpoint.js';
export type { ClassWeights } from './train/classWeights.js';
export { type EvaluateOptions, type Evaluation, evaluate } from './train/evaluate.js';
export { type CacheFeaturesOptions, cacheFeatures, type FeatureProgress } from './train/features/cacheFeatures.js';
export { contentsHash, featureKey } from './train/features/featureKey.js';
export {
  type FeatureChunks,
  type FeatureFacts,
  type FeatureStore,
  memoryFeatures,
} from './train/features/featureStore.js';
export { type FeatureOptions, fitOnFeatures } from './train/features/fitOnFeatures.js';
export { type SplitModel, splitModel } from './train/features/splitModel.js';
export {
  type FindLearningRateOptions,
  findLearningRate,
  type LearningRateCurve,
  type LearningRatePoint,
} from './train/findLearningRate.js';
export { type FineTuneOptions, type FineTuneResult, fineTune } from './train/finetune/fineTuneRecipe.js';
export { type FinetuneOptions, finetune } from './train/finetune/finetune.js';
export { freeze, type UnfreezeOptions, unfreezeDense, unfreezeFrom } from './train/finetune/freeze.js';
export {
  type InsertBatchNormalizationOptions,
  insertBatchNormalization,
} from './train/finetune/insertBatchNormalization.js';
export { type LayerGroups, layerGroups, spreadRates } from './train/finetune/layerGroups.js';
export { type RescaleForDropoutOptions, rescaleForDropout } from './train/finetune/rescaleForDropout.js';
export { type FitResult, fit } from './train/fit.js';
export type { FitOptions } from './train/fitOptions.js';
export type { EpochRecord, History } from './train/history.js';
export { binaryCrossentropy } from './train/losses/binaryCrossentropy.js';
export {
  type CrossentropyOptions,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
} from './train/losses/categoricalCrossentropy.js';
export type { Decision, Loss } from './train/losses/loss.js';
export type { LossName } from './train/losses/lossFrom.js';
export { meanSquaredError } from './train/losses/meanSquaredError.js';
export { accuracy } from './train/metrics/accuracy.js';
export { confusionMatrix } from './train/metrics/confusionMatrix.js';
export type { Metric, MetricAccumulator, MetricContext, MetricValue } from './train/metrics/metric.js';
export type { MetricName } from './train/metrics/metricFrom.js';
export { f1, precision, recall } from './train/metrics/precisionRecall.js';
export { topK } from './train/metrics/topK.js';
export { type AdamOptions, adam, adamW } from './train/optimizers/adam.js';
export type { Optimizer, OptimizerOptions } from './train/optimizers/optimizer.js';
export { type OptimizerName, optimizerFrom } from './train/optimizers/optimizerFrom.js';
export { type RmspropOptions, rmsprop } from './train/optimizers/rmsprop.js';
export { type SgdOptions, sgd } from './train/optimizers/sgd.js';
export { type PredictOptions, Predictor, predict } from './train/predict.js';
export { constantRate } from './train/schedules/constantRate.js';
export { type CosineDecayOptions, cosineDecay } from './train/schedules/cosineDecay.js';
export { type CosineDecayRestartsOptions, cosineDecayRestarts } from './train/schedules/cosineDecayRestarts.js';
export { type ExponentialDecayOptions, exponentialDecay } from './train/schedules/exponentialDecay.js';
export { type OneCycleOptions, oneCycle } from './train/schedules/oneCycle.js';
export type { LearningRate, RunLength, Schedule } from './train/schedules/schedule.js';
export { type StepDecayOptions, stepDecay } from './train/schedules/stepDecay.js';
export * as lecture from './zoo/lecture.js';
