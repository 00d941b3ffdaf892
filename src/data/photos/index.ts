/** Photos in a browser: what a person chose in a page, as a source of photos. The rest of photos is in `fovea`. */

export {
  type BrowserDecoderOptions,
  browserPhotos,
  type ChosenPhoto,
  decodePhoto,
  photosByFolder,
} from './browserPhotos.js';
export { type Comparable, type DuplicateSet, type Duplicates, findDuplicates } from './duplicates.js';
export { fingerprintPhoto, type PhotoFingerprint } from './photoFingerprint.js';
export { type PhotoColumns, type PhotoList, parsePhotoList } from './photoList.js';
export type { PhotoPart } from './photoParts.js';
export { type SetAside, setAside } from './setAside.js';
