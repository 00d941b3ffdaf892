import { fma } from './common';

// Functions of four numbers at a time. All are built from additions, products, divisions and bit patterns alone, so
// that Node and every browser give the same bits. Relative errors stay within about 2e-7 unless said otherwise.

const LN2_HIGH: f32 = 0.693145751953125;
const LN2_LOW: f32 = 1.42860682030941723212e-6;
const LOG2_E: f32 = 1.44269504088896340736;

/** The first `count` (1 to 3) floats at `p`; the other lanes are zero. Nothing past them is read. */
// @ts-ignore: decorator
@inline
export function loadPart(p: usize, count: i32): v128 {
  let v = v128.load32_zero(p);
  if (count > 1) v = v128.load32_lane(p + 4, v, 1);
  if (count > 2) v = v128.load32_lane(p + 8, v, 2);
  return v;
}

/** Writes the first `count` (1 to 3) lanes. */
// @ts-ignore: decorator
@inline
export function storePart(p: usize, v: v128, count: i32): void {
  v128.store32_lane(p, v, 0);
  if (count > 1) v128.store32_lane(p + 4, v, 1);
  if (count > 2) v128.store32_lane(p + 8, v, 2);
}

/** 2^n for whole n from −126 to 127. */
// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** e^r − 1 for |r| ≤ ln 2 / 2, by its series. */
// @ts-ignore: decorator
@inline
function expMinusOneNearZero(r: v128): v128 {
  let q = f32x4.splat(1.0 / 5040.0);
  q = fma(q, r, f32x4.splat(1.0 / 720.0));
  q = fma(q, r, f32x4.splat(1.0 / 120.0));
  q = fma(q, r, f32x4.splat(1.0 / 24.0));
  q = fma(q, r, f32x4.splat(1.0 / 6.0));
  q = fma(q, r, f32x4.splat(0.5));
  return fma(f32x4.mul(q, r), r, r);
}

/** e^x; 0 far below zero, infinity above 88.72, subnormal numbers between. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const inside = f32x4.max(f32x4.min(x, f32x4.splat(89)), f32x4.splat(-110));
  const n = f32x4.nearest(f32x4.mul(inside, f32x4.splat(LOG2_E)));
  const r = fma(n, f32x4.splat(-LN2_LOW), fma(n, f32x4.splat(-LN2_HIGH), inside));
  const y = f32x4.add(expMinusOneNearZero(r), f32x4.splat(1));
  // The power of two may lie outside the exponents, so it is multiplied on in two parts.
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(y, powerOfTwo(half)), powerOfTwo(i32x4.sub(whole, half)));
}

/** e^x − 1 for x ≤ 88, without loss near zero. */
// @ts-ignore: decorator
@inline
export function expMinusOne4(x: v128): v128 {
  const inside = f32x4.max(f32x4.min(x, f32x4.splat(88)), f32x4.splat(-20));
  const n = f32x4.nearest(f32x4.mul(inside, f32x4.splat(LOG2_E)));
  const r = fma(n, f32x4.splat(-LN2_LOW), fma(n, f32x4.splat(-LN2_HIGH), inside));
  const scale = powerOfTwo(i32x4.trunc_sat_f32x4_s(n));
  return fma(scale, expMinusOneNearZero(r), f32x4.sub(scale, f32x4.splat(1)));
}

/** Natural logarithm; −infinity at ±0, NaN below. */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const small = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const normal = v128.bitselect(f32x4.mul(x, f32x4.splat(33554432)), x, small);
  // Exponent and mantissa with the mantissa between √½ and √2.
  const bits = i32x4.add(normal, i32x4.splat(0x3f800000 - 0x3f3504f3));
  let k = i32x4.sub(i32x4.shr_u(bits, 23), i32x4.splat(127));
  k = i32x4.sub(k, v128.and(small, i32x4.splat(25)));
  const m = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const y = logOfParts(f32x4.convert_i32x4_s(k), f32x4.sub(m, f32x4.splat(1)));
  const infinity = f32x4.splat(f32(Infinity));
  // Infinity and NaN are their own logarithms.
  let result = v128.bitselect(y, x, f32x4.lt(x, infinity));
  result = v128.bitselect(f32x4.splat(f32(NaN)), result, f32x4.lt(x, f32x4.splat(0)));
  return v128.bitselect(f32x4.neg(infinity), result, f32x4.eq(x, f32x4.splat(0)));
}

/** k · ln 2 + log(1 + f) for 1 + f between √½ and √2. */
// @ts-ignore: decorator
@inline
function logOfParts(k: v128, f: v128): v128 {
  const s = f32x4.div(f, f32x4.add(f, f32x4.splat(2)));
  const z = f32x4.mul(s, s);
  let q = f32x4.splat(2.0 / 9.0);
  q = fma(q, z, f32x4.splat(2.0 / 7.0));
  q = fma(q, z, f32x4.splat(2.0 / 5.0));
  q = fma(q, z, f32x4.splat(2.0 / 3.0));
  q = f32x4.mul(q, z);
  const half = f32x4.mul(f32x4.mul(f, f), f32x4.splat(0.5));
  const low = fma(k, f32x4.splat(LN2_LOW), f32x4.mul(s, f32x4.add(half, q)));
  return fma(k, f32x4.splat(LN2_HIGH), f32x4.sub(f, f32x4.sub(half, low)));
}

/** log(1 + x) for x ≥ 0, without loss near zero. */
// @ts-ignore: decorator
@inline
export function logOnePlus4(x: v128): v128 {
  const one = f32x4.splat(1);
  const sum = f32x4.add(x, one);
  const got = f32x4.sub(sum, one);
  // What rounding did to 1 + x is undone by the ratio x / ((1 + x) − 1).
  const y = f32x4.mul(log4(sum), f32x4.div(x, got));
  const plain = v128.or(f32x4.eq(got, f32x4.splat(0)), f32x4.eq(x, f32x4.splat(f32(Infinity))));
  return v128.bitselect(x, y, plain);
}

/** Hyperbolic tangent. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const t = expMinusOne4(f32x4.mul(f32x4.abs(x), f32x4.splat(-2)));
  const size = f32x4.abs(f32x4.div(t, f32x4.add(t, f32x4.splat(2))));
  return v128.or(size, v128.and(x, i32x4.splat(0x80000000)));
}

/** 1 / (1 + e^−x). */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  const e = exp4(f32x4.neg(f32x4.abs(x)));
  return f32x4.div(v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0))), f32x4.add(e, one));
}

/** log(1 + e^x). */
// @ts-ignore: decorator
@inline
export function softplus4(x: v128): v128 {
  return f32x4.add(f32x4.max(x, f32x4.splat(0)), logOnePlus4(exp4(f32x4.neg(f32x4.abs(x)))));
}

/** Share of the standard normal distribution below x. */
// @ts-ignore: decorator
@inline
export function normalBelow4(x: v128): v128 {
  const one = f32x4.splat(1);
  const size = f32x4.abs(x);
  // ½ erfc(z) = ½ t · e^(−z² + P(t)) with t = 1 / (1 + z / 2), z = |x| / √2; P is a least-squares fit.
  const t = f32x4.div(one, fma(size, f32x4.splat(0.35355339059327), one));
  const u = f32x4.sub(t, f32x4.splat(0.5));
  let q = f32x4.splat(0.1682148575782776);
  q = fma(q, u, f32x4.splat(-0.04874029383063316));
  q = fma(q, u, f32x4.splat(-0.26345694065093994));
  q = fma(q, u, f32x4.splat(0.11269768327474594));
  q = fma(q, u, f32x4.splat(0.27894532680511475));
  q = fma(q, u, f32x4.splat(-0.15792608261108398));
  q = fma(q, u, f32x4.splat(-0.3750307857990265));
  q = fma(q, u, f32x4.splat(0.1893722265958786));
  q = fma(q, u, f32x4.splat(1.3452849388122559));
  q = fma(q, u, f32x4.splat(-0.671794056892395));
  const power = fma(f32x4.mul(size, f32x4.splat(-0.5)), size, q);
  const tail = f32x4.mul(f32x4.mul(t, f32x4.splat(0.5)), exp4(power));
  return v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(x, f32x4.splat(0)));
}

/**
 * base^exponent with the special cases of JavaScript: x⁰ = 1 even for NaN, a negative base needs a whole exponent,
 * (±1)^±∞ is NaN.
 */
export function power1(base: f32, exponent: f32): f32 {
  if (exponent == 0) return 1;
  if (base != base || exponent != exponent) return f32(NaN);
  const size = abs<f32>(base);
  const infinite = abs<f32>(exponent) == f32(Infinity);
  if (infinite && size == 1) return f32(NaN);
  const whole = infinite || nearest<f32>(exponent) == exponent;
  const odd = whole && !infinite && abs<f32>(exponent) < 16777216 && ((<i32>exponent) & 1) == 1;
  const negative = reinterpret<i32>(base) < 0;
  const sign: f32 = negative && odd ? -1 : 1;
  if (size == 0 || size == f32(Infinity)) return sign * ((size == 0) == exponent < 0 ? f32(Infinity) : 0);
  if (infinite) return size > 1 == exponent > 0 ? f32(Infinity) : 0;
  if (negative && !whole) return f32(NaN);
  return sign * <f32>exp64(<f64>exponent * log64(<f64>size));
}

function log64(x: f64): f64 {
  const bits = reinterpret<i64>(x) + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
  const k = <f64>((bits >> 52) - 1023);
  const m = reinterpret<f64>((bits & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd);
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let q: f64 = 2.0 / 13.0;
  q = q * z + 2.0 / 11.0;
  q = q * z + 2.0 / 9.0;
  q = q * z + 2.0 / 7.0;
  q = q * z + 2.0 / 5.0;
  q = q * z + 2.0 / 3.0;
  q = q * z + 2.0;
  return k * 0.69314718055994530942 + s * q;
}

function exp64(x: f64): f64 {
  const inside = max<f64>(min<f64>(x, 200), -200);
  const n = nearest<f64>(inside * 1.44269504088896340736);
  const r = inside - n * 0.69314718055994530942;
  let q: f64 = 1.0 / 362880.0;
  q = q * r + 1.0 / 40320.0;
  q = q * r + 1.0 / 5040.0;
  q = q * r + 1.0 / 720.0;
  q = q * r + 1.0 / 120.0;
  q = q * r + 1.0 / 24.0;
  q = q * r + 1.0 / 6.0;
  q = q * r + 0.5;
  q = q * r + 1.0;
  q = q * r + 1.0;
  return q * reinterpret<f64>((<i64>n + 1023) << 52);
}
