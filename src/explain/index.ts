/** What looks inside a network and computes: filters, activations, projections, attributions, receptive fields, top patches. Drawing is in `fovea/draw`. */

export { type Attribution, type AttributionMethod, type Parameters, rangeOf, type ValueRange } from './attribution.js';
export {
  type ChannelContributions,
  type ChannelFacts,
  channelContributions,
  type LayerActivations,
  layerActivations,
  type UsualChannels,
} from './channelStatistics.js';
export { type ClassMap, type ClassMapOptions, classMap } from './classMap.js';
export {
  type LayerChange,
  layerChanges,
  linearCka,
  type SeenModel,
  type UnitChange,
  unitChange,
  type WeightChange,
  weightChanges,
} from './compareModels.js';
export { type Control, type ControlOptions, type Controls, checkMaps, type MapMaker } from './controls.js';
export { type CoverCheck, type CoverCheckOptions, coverCheck } from './coverCheck.js';
export { type EvolutionSnapshot, type FollowedUnit, UnitEvolution } from './evolution.js';
export { explainNumber, type NumberExplanation, type NumberStep, type NumberTerm } from './explainNumber.js';
export {
  type ControlStore,
  type ExplainedMap,
  type ExplainPhotoOptions,
  type Explanation,
  explainMethods,
  explainPhoto,
  mapMaker,
} from './explainPhoto.js';
export { type FillKind, fillOf } from './fill.js';
export { type FilterBank, filterBanks, filterLayers } from './filterBank.js';
export {
  type FilterChange,
  type FilterFacts,
  type FilterPair,
  type FilterStatistics,
  filterChanges,
  filterColors,
  filterOf,
  filterStatistics,
} from './filterStatistics.js';
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
} from './gradients.js';
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
export { type MaximizedImage, type MaximizeOptions, maximizeUnit, type Robustness } from './maximize.js';
export {
  type MaximizePixelsOptions,
  maximizePixels,
  type PixelRegularizers,
  pixelPresets,
} from './maximizePixels.js';
export {
  FeatureIndex,
  type FeatureIndexOptions,
  featurePlace,
  featuresOf,
  indexFeatures,
  type Neighbor,
} from './neighbors.js';
export type { ColorRule } from './networkColors.js';
export { type ObserveOptions, observeForward } from './observeForward.js';
export {
  type Occlusion,
  type OcclusionOptions,
  type OcclusionPosition,
  type OcclusionProgress,
  occlusion,
} from './occlusion.js';
export { energyBox, PatchCutter, type PatchRegion } from './patchRegion.js';
export { photoRegion } from './photoRegion.js';
export type { LayerPlace, Place, ScoreActivation } from './place.js';
export { hashWeights, type Provenance } from './provenance.js';
export { type AxisField, type ReceptiveField, ReceptiveFields, type Region } from './receptiveField.js';
export { type Replay, replayLayers } from './replay.js';
export type { ReverseRule } from './reverseRules.js';
export type { Scores } from './scores.js';
export type { Selectivity } from './selectivity.js';
export {
  baselineTexts,
  type ClassNamer,
  controlSentence,
  coverSentence,
  mapSentence,
  methodTexts,
  neighborSentence,
  occlusionNote,
  placeName,
  scoreSentence,
} from './sentences.js';
export { type ShiftTest, shiftTest } from './shiftTest.js';
export { lastSpatialPlace } from './spatialPlace.js';
export type { ResolvedTarget, ScoreTarget, Target, UnitTarget } from './target.js';
export { type Patch, type PhotoList, TopPatches, type TopPatchesOptions, type UnitPatches } from './topPatches.js';
export { unitLayers } from './unitLayers.js';
export { type LayerHealth, type LayerStatistics, UnitStatistics } from './unitStatistics.js';
