import { encodePng } from '../../draw/png.js';
import { rasterFromPixels } from '../../draw/raster.js';
import type { Inspection } from './inspection.js';
import { inspectionJson } from './inspectionJson.js';
import { type InspectPageOptions, inspectPage } from './inspectPage.js';
import {
  paintActivations,
  paintColorFilters,
  paintOptimized,
  paintProjections,
  paintSignedFilters,
  paintUnit,
} from './inspectPictures.js';

/** A file to write. */
export interface InspectFile {
  readonly name: string;
  readonly data: Uint8Array | string;
}

/** The page, the numbers, and every picture of an inspection as a file of its own. */
export async function inspectFiles(inspection: Inspection, options: InspectPageOptions = {}): Promise<InspectFile[]> {
  const { colorFilters, banks, activations, units, photo, inputShape } = inspection;
  const pictures: InspectFile[] = [];
  const add = async (name: string, picture: Parameters<typeof encodePng>[0]): Promise<void> => {
    pictures.push({ name: `${name.replace(/[^\w.-]+/g, '-')}.png`, data: await encodePng(picture) });
  };
  if (colorFilters !== undefined) {
    await add(`filters-${colorFilters.layer}`, paintColorFilters(colorFilters, options.channelOrder ?? 'rgb').picture);
  }
  for (const bank of banks) {
    if (bank.layer !== colorFilters?.layer) await add(`filters-${bank.layer}`, paintSignedFilters(bank).picture);
  }
  const [height, width] = inputShape as [number, number];
  if (photo !== undefined) await add('photo', rasterFromPixels(photo.pixels, height, width));
  for (const layer of activations)
    await add(`activations-${layer.layer}`, paintActivations(layer, options.scale).picture);
  for (const unit of units) {
    const name = `unit-${unit.layer}-${unit.channel}`;
    if (unit.patches.length > 0) await add(name, paintUnit(unit).picture);
    if (unit.projections.some(({ refused }) => refused === undefined)) {
      await add(`${name}-projections`, paintProjections(unit, options.channelOrder ?? 'rgb').picture);
    }
    if (unit.optimized !== undefined) await add(`${name}-optimized`, paintOptimized(unit.optimized).picture);
  }
  return [
    { name: 'index.html', data: await inspectPage(inspection, options) },
    { name: 'inspection.json', data: `${JSON.stringify(inspectionJson(inspection), plain, 1)}\n` },
    ...pictures,
  ];
}

/** Typed arrays as lists, and what JSON has no number for as null. */
function plain(_: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value as Float64Array) : value;
}
