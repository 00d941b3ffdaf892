/** What looks inside a network and computes: filters, activations, projections, attributions, receptive fields, top patches. Drawing is in `fovea/draw`. */

export { type Control, type ControlOptions, type Controls, checkMaps, type MapMaker } from './evidence/controls.js';
export { type CoverCheck, type CoverCheckOptions, coverCheck } from './evidence/coverCheck.js';
export { coveringGrid, type MapGrid } from './evidence/masks.js';
export {
  FeatureIndex,
  type FeatureIndexOptions,
  featurePlace,
  featuresOf,
  indexFeatures,
  type Neighbor,
} from './evidence/neighbors.js';
export {
  type ControlStore,
  type ExplainedMap,
  type ExplainPhotoOptions,
  type Explanation,
  explainMethods,
  explainPhoto,
  mapMaker,
} from './explainPhoto.js';
export { energyBox, PatchCutter, type PatchRegion } from './fields/patchRegion.js';
export { photoRegion } from './fields/photoRegion.js';
export { type AxisField, type ReceptiveField, ReceptiveFields, type Region } from './fields/receptiveField.js';
export { type ShiftTest, shiftTest } from './fields/shiftTest.js';
export { type FillKind, fillOf } from './fill.js';
export { type FilterBank, filterBanks, filterLayers } from './filters/filterBank.js';
export {
  type FilterChange,
  type FilterFacts,
  type FilterPair,
  type FilterStatistics,
  filterChanges,
  filterColors,
  filterOf,
  filterStatistics,
} from './filters/filterStatistics.js';
export { handmadeFeatures, maxPoolImage, type TemplateDistance, Templates } from './handmade/templates.js';
export {
  BORDERS,
  type Border,
  type FilterImageOptions,
  type FilterTerm,
  filterImage,
  filterTerms,
  type ImageValues,
} from './imageFilters/filterImage.js';
export { type Kernel, kernelOf, parseKernel, rotateKernel } from './imageFilters/kernel.js';
export { type KernelPreset, kernelPresets, lectureKernels, playgroundKernels } from './imageFilters/presets.js';
export { channelMean, type ResponseFacts, responseFacts } from './imageFilters/responseFacts.js';
export { type Backward, type BackwardOptions, Inspector } from './inspector.js';
export {
  type Attribution,
  type AttributionMethod,
  type Parameters,
  rangeOf,
  type ValueRange,
} from './maps/attribution.js';
export { type ClassMap, type ClassMapOptions, classMap } from './maps/classMap.js';
export {
  type IntegratedGradients,
  type IntegratedGradientsOptions,
  integratedGradients,
  type PixelOptions,
  type Projection,
  project,
  type SmoothGradOptions,
  saliency,
  smoothGrad,
} from './maps/gradients.js';
export {
  type Occlusion,
  type OcclusionOptions,
  type OcclusionPosition,
  type OcclusionProgress,
  occlusion,
} from './maps/occlusion.js';
export { explainNumber, type NumberExplanation, type NumberStep, type NumberTerm } from './number/explainNumber.js';
export { type ObserveOptions, observeForward } from './observeForward.js';
export { type MaximizedImage, type MaximizeOptions, maximizeUnit, type Robustness } from './optimize/maximize.js';
export {
  type MaximizePixelsOptions,
  maximizePixels,
  type PixelRegularizers,
  pixelPresets,
} from './optimize/maximizePixels.js';
export type { ColorRule } from './optimize/networkColors.js';
export type { LayerPlace, Place, ScoreActivation } from './place.js';
export { hashWeights, type Provenance } from './provenance.js';
export { type Replay, replayLayers } from './replay.js';
export type { ReverseRule } from './reverseRules.js';
export type { Scores } from './scores.js';
export {
  baselineTexts,
  type ClassNamer,
  controlFacts,
  controlSentence,
  controlVerdict,
  coverSentence,
  mapSentence,
  methodTexts,
  neighborSentence,
  occlusionNote,
  placeName,
  scoreSentence,
} from './sentences.js';
export { lastSpatialPlace } from './spatialPlace.js';
export type { ResolvedTarget, ScoreTarget, Target, UnitTarget } from './target.js';
export {
  type ChannelContributions,
  type ChannelFacts,
  channelContributions,
  type LayerActivations,
  layerActivations,
  type UsualChannels,
} from './units/channelStatistics.js';
export {
  type LayerChange,
  layerChanges,
  linearCka,
  type SeenModel,
  type UnitChange,
  unitChange,
  type WeightChange,
  weightChanges,
} from './units/compareModels.js';
export { type EvolutionSnapshot, type FollowedUnit, UnitEvolution } from './units/evolution.js';
export type { Selectivity } from './units/selectivity.js';
export {
  type Patch,
  type PhotoList,
  TopPatches,
  type TopPatchesOptions,
  type UnitPatches,
} from './units/topPatches.js';
export { unitLayers } from './units/unitLayers.js';
export { type LayerHealth, type LayerStatistics, UnitStatistics } from './units/unitStatistics.js';
