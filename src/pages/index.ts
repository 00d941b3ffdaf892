/** Whole pages and sheets, one self-contained HTML file each, from what `fovea/explain` and `fovea/report` computed. */

export type { Sheet } from '../formats/xlsx/sheet.js';
export { xlsxPieces } from '../formats/xlsx/writeXlsx.js';
export {
  type AugmentSheet,
  augmentSheetPage,
  augmentSheetRaster,
  type SweepRow,
} from './augment/augmentSheet.js';
export { type SweepPageOptions, sweepPage } from './augment/sweepPage.js';
export type { AugmentVariant } from './augment/variantFigure.js';
export { type ExplainPageOptions, explainPage, type NeighborPicture } from './explain/explainPage.js';
export { type MapPictures, mapPictures } from './explain/mapPictures.js';
export { applyFilter, type FilterResult, imageRaster } from './filters/filterResult.js';
export { type FiltersPageOptions, filtersPage, kernelText } from './filters/filtersPage.js';
export { type InspectFile, inspectFiles } from './inspect/inspectFiles.js';
export {
  type InspectedLayer,
  type InspectedNumber,
  type Inspection,
  type InspectOptions,
  inspectModel,
} from './inspect/inspection.js';
export { inspectionJson } from './inspect/inspectionJson.js';
export { type InspectPageOptions, inspectPage } from './inspect/inspectPage.js';
export type { ActivationScale } from './inspect/inspectPictures.js';
export { inspectionSentences } from './inspect/inspectTexts.js';
export type { CutPatch, InspectedUnit, OptimizeOptions, UnitProjection } from './inspect/inspectUnits.js';
export { lessonPage } from './lesson/lessonPage.js';
export { type LessonZero, type LessonZeroOptions, lessonZero, type TemplateResult } from './lesson/lessonZero.js';
export type { Picture } from './report/pictureShelf.js';
export { type ReportOptions, type ReportStage, reportPage } from './report/reportPage.js';
export { describeNetwork } from './workbook/describeNetwork.js';
export { type ExampleNumbers, exampleNetwork, randomExample } from './workbook/exampleNetwork.js';
export type { CellActivation, NetworkDescription, NetworkStep } from './workbook/networkDescription.js';
export { networkWorkbook, type Workbook, type WorkbookOptions } from './workbook/workbook.js';
