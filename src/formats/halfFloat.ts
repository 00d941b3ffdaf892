/** A float32 number as IEEE 754 binary16: the nearest, ties to even; what is too large becomes infinite. */
export function floatToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24); // subnormal; 1024 is the smallest normal number
  const exponent = Math.floor(Math.log2(size));
  const scale = size < 2 ** exponent ? exponent - 1 : size >= 2 ** (exponent + 1) ? exponent + 1 : exponent;
  // A fraction that rounds up to 1024 carries into the exponent, as it should.
  return sign | (((scale + 15) << 10) + roundToEven((size / 2 ** scale - 1) * 1024));
}

/** All numbers of an array as binary16. */
export function toHalves(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, floatToHalf);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
