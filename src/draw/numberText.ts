/** A number for people: at most `digits` significant ones, no empty zeros, powers of ten only far from 1, the true minus sign. */
export function numberText(value: number, digits = 3): string {
  if (Number.isNaN(value)) return 'not a number';
  if (!Number.isFinite(value)) return value < 0 ? '−∞' : '∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  let text: string;
  if (size >= 10 ** Math.max(6, digits) || size < 1e-4) {
    const [mantissa = '', exponent = ''] = size.toExponential(digits - 1).split('e');
    text = `${trimmed(mantissa)}e${exponent.replace('+', '')}`;
  } else {
    const places = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
    text = trimmed(size.toFixed(Math.min(100, places)));
  }
  return value < 0 ? `−${text}` : text;
}

function trimmed(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
