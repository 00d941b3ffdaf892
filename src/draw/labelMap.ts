import { drawText, textSize } from './font.js';
import { type Color, Raster } from './raster.js';

/** Pale colors, equally light, that dark figures can be read on; the first has no hue. */
const LABEL_COLORS: readonly Color[] = [
  [222, 222, 222],
  [166, 206, 240],
  [253, 200, 140],
  [212, 190, 232],
  [245, 233, 140],
  [150, 218, 212],
  [232, 196, 170],
];

/** A picture of cells [height, width], each with the color and the number of its label, 1 for label 0; colors come round again. */
export function labelMap(labels: ArrayLike<number>, height: number, width: number, cell = 24): Raster {
  const picture = new Raster(width * cell, height * cell);
  const scale = Math.max(1, Math.floor(cell / 12));
  for (let i = 0; i < height * width; i++) {
    const label = labels[i] as number;
    const [x, y] = [(i % width) * cell, Math.floor(i / width) * cell];
    picture.fill(LABEL_COLORS[label % LABEL_COLORS.length] as Color, { x, y, width: cell, height: cell });
    const text = `${label + 1}`;
    const size = textSize(text, scale);
    const left = x + Math.round((cell - size.width) / 2);
    drawText(picture, text, left, y + Math.round((cell - size.height) / 2), { color: [20, 20, 20], scale });
  }
  return picture;
}
