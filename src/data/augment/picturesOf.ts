import { copiedPixels } from '../changedPicture.js';
import type { Dataset } from '../dataset.js';
import type { Picture } from '../picture.js';

/** All pictures of a data set as it keeps them: bytes where it has bytes, else the numbers of its examples. */
export async function picturesOf(data: Dataset): Promise<Picture[]> {
  const found: Picture[] = [];
  const watched = data.withPictures?.((picture) => {
    found.push({ ...picture, data: copiedPixels(picture.data) });
    return picture;
  });
  const [height = 1, width = 1, channels = 1] = data.inputShape;
  const values = height * width * channels;
  for (let start = 0; start < data.size; start += 64) {
    const indices = Uint32Array.from({ length: Math.min(64, data.size - start) }, (_, i) => start + i);
    const { x } = await (watched ?? data).batch(indices);
    if (watched !== undefined) continue;
    for (let i = 0; i < indices.length; i++) {
      found.push({ data: x.data.slice(i * values, (i + 1) * values), height, width, channels });
    }
  }
  return found;
}
