/** Whole pages and sheets, one self-contained HTML file each, from what `fovea/explain` and `fovea/report` computed. */

export { applyFilter, type FilterResult, imageRaster } from './filters/filterResult.js';
export { type FiltersPageOptions, filtersPage, kernelText } from './filters/filtersPage.js';
