/** What needs Node: files, downloads. Everything else is in `fovea`. */

export { cacheFolder } from './data/node/cacheFolder.js';
export type { DownloadProgress } from './data/node/download.js';
export type { FindPhotosOptions } from './data/node/findPhotos.js';
export { type DownloadMnistOptions, downloadMnist, readMnist } from './data/node/mnist.js';
export {
  createPhotoDecoder,
  type PhotoDecoder,
  type PhotoDecoderOptions,
} from './data/node/photoDecoder.js';
export { type PhotoFolder, type PhotoFolderOptions, photoFolder } from './data/node/photoFolder.js';
export { type ScanPhotosOptions, scanPhotos } from './data/node/photoScan.js';
export { photoStamps } from './data/node/photoStamps.js';
export type { DuplicatePhotos, DuplicateReport } from './data/photos/duplicateReport.js';
export { adviseOnPhotos, type PhotoFinding } from './data/photos/photoAdvice.js';
export type { GroupRule } from './data/photos/photoGroups.js';
export type { PhotoColumns } from './data/photos/photoList.js';
export { loadArray, saveArray } from './formats/node/arrays.js';
export { type ReadOptions, readFileChecked, writeFileAtomic } from './formats/node/files.js';
export { zarrFolder } from './formats/node/zarrFolder.js';
export {
  createZarr,
  openZarr,
  type ZarrArray,
  type ZarrDType,
  type ZarrRows,
  type ZarrSpec,
} from './formats/zarr/zarrArray.js';
export type { ZarrStore } from './formats/zarr/zarrStore.js';
export { zarrFeatures } from './train/features/zarrFeatures.js';
export { checkpointFile, readCheckpointFile } from './train/node/checkpointFile.js';
export { featureFolder } from './train/node/featureFolder.js';
export { logFile } from './train/node/logFile.js';
