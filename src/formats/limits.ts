/**
 * Bytes that unpacking may make beyond a file's own size, and that numbers which a file repeats may take beyond twice its
 * size. Together with what a description and copies of the numbers take, reading stays below twice the file's size and 64 MB:
 * a small hostile file cannot fill the memory.
 */
export const SPARE_BYTES = 2 ** 24;
