/** Whole pages and sheets, one self-contained HTML file each, from what `fovea/explain` and `fovea/report` computed. */

export {};
