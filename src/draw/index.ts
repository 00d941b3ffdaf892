/** What turns numbers into pixels and pages, with no framework, in Node and in browsers: color maps, rasters, PNG, charts, the frame of a page. */

export { type Bar, type BarChartOptions, barChart } from './barChart.js';
export type { ChartText } from './chartParts.js';
export { type ColorMap, colorMaps, heatColors, notFiniteColor } from './colorMaps.js';
export { dataUri, type FigureOptions, figure, figureRow, figureTiles } from './figure.js';
export { drawText, fitText, type TextOptions, textSize } from './font.js';
export { type Bins, countBins, type HistogramOptions, histogram } from './histogram.js';
export { htmlPage, type PageOptions, type PageSection } from './htmlPage.js';
export { htmlTable, type TableColumn, type TableOptions } from './htmlTable.js';
export { labelMap } from './labelMap.js';
export { type LegendOptions, type LegendRasterOptions, legendRaster, legendSvg } from './legend.js';
export { type ChartAxis, type LineChartOptions, type LineSeries, lineChart } from './lineChart.js';
export { escapeHtml, html, Markup, type MarkupPart, rawMarkup } from './markup.js';
export { type MatrixChartOptions, matrixChart } from './matrixChart.js';
export { numberText } from './numberText.js';
export { drawBox, type OverlayOptions, overlayHeat, overlayScale } from './overlay.js';
export { type MapValues, paintChannels, paintMap, paintSignedColor } from './paint.js';
export { encodePng, type PngOptions } from './png.js';
export { type Color, Raster, type Rectangle, rasterFromPixels } from './raster.js';
export { scaleNearest, scaleSmooth, scaleToFit } from './resize.js';
export {
  divergingScale,
  grayScale,
  robustLimit,
  type Scale,
  type ScaleOptions,
  scaleOf,
  sequentialScale,
} from './scale.js';
export { type TileLayout, type TileOptions, tileGrid, tileLayout } from './tiles.js';
