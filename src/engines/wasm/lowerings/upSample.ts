import type { Shape } from '../../../tensor/shape.js';
import { CHUNK, type LoweringTable } from '../lowering.js';

/** Enlarging images by whole factors, and its gradient. */
export const upSampleLowerings: Pick<LoweringTable, 'upSample' | 'upSampleGradient'> = {
  upSample: {
    lower: ({ inputs, outputs, inputShapes, attributes: { size, interpolation } }) => {
      const [n, h, w, c] = inputShapes[0] as Shape as [number, number, number, number];
      const [sh, sw] = size;
      const nearest = interpolation === 'nearest';
      const rows = nearest ? n * h : n * h * sh;
      const rowsPerItem = Math.max(1, Math.floor(CHUNK / (w * sw * c * (nearest ? sh : 1))));
      const words = [inputs[0] as number, outputs[0] as number, rows, w, c, sh, sw, rowsPerItem, h];
      return [
        { kernel: nearest ? 'upSampleNearest' : 'upSampleBilinear', items: Math.ceil(rows / rowsPerItem), words },
      ];
    },
  },
  upSampleGradient: {
    lower: ({ inputs, outputs, outputShapes, attributes: { size, interpolation } }) => {
      const [n, h, w, c] = outputShapes[0] as Shape as [number, number, number, number];
      const [sh, sw] = size;
      const kernel = interpolation === 'nearest' ? 'upSampleNearestGradient' : 'upSampleBilinearGradient';
      const rowsPerItem = Math.max(1, Math.floor(CHUNK / (w * sw * c * sh)));
      const words = [inputs[0] as number, outputs[0] as number, n * h, w, c, sh, sw, rowsPerItem, h];
      return [{ kernel, items: Math.ceil((n * h) / rowsPerItem), words }];
    },
  },
};
