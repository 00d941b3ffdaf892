import type { Color, Raster } from './raster.js';

/** Pixels from one letter to the next, and from one line to the next, at scale 1. */
const ADVANCE = 6;
const LINE = 10;

/** Glyphs of 5 × 7 pixels: a digit of base 32 for each row from the top, the leftmost pixel 16; two more rows below the line. */
const GLYPHS: Readonly<Record<string, string>> = {
  ' ': '0000000',
  '!': '4444404',
  '"': 'aaa0000',
  '#': 'aavavaa',
  $: '4fke5u4',
  '%': 'op248j3',
  '&': 'cik8lid',
  "'": '4440000',
  '(': '2488842',
  ')': '8422248',
  '*': '04lel40',
  '+': '044v440',
  ',': '00000448',
  '-': '000e000',
  '.': '00000cc',
  '/': '01248g0',
  '0': 'ehjlphe',
  '1': '4c4444e',
  '2': 'eh168gv',
  '3': 'eh161he',
  '4': '26aiv22',
  '5': 'vgu11he',
  '6': '68guhhe',
  '7': 'v124888',
  '8': 'ehhehhe',
  '9': 'ehhf12c',
  ':': '0cc0cc0',
  ';': '0cc0c48',
  '<': '248g842',
  '=': '00v0v00',
  '>': '8421248',
  '?': 'eh12404',
  '@': 'ehnlnge',
  A: 'ehhvhhh',
  B: 'uhhuhhu',
  C: 'ehggghe',
  D: 'uhhhhhu',
  E: 'vgguggv',
  F: 'vgguggg',
  G: 'ehgnhhf',
  H: 'hhhvhhh',
  I: 'e44444e',
  J: '72222ic',
  K: 'hikokih',
  L: 'ggggggv',
  M: 'hrllhhh',
  N: 'hpljhhh',
  O: 'ehhhhhe',
  P: 'uhhuggg',
  Q: 'ehhhlid',
  R: 'uhhukih',
  S: 'fgge11u',
  T: 'v444444',
  U: 'hhhhhhe',
  V: 'hhhhha4',
  W: 'hhhllrh',
  X: 'hha4ahh',
  Y: 'hha4444',
  Z: 'v1248gv',
  '[': 'e88888e',
  '\\': '0g84210',
  ']': 'e22222e',
  '^': '4ah0000',
  _: '000000v',
  '`': '8420000',
  a: '00e1fhf',
  b: 'gguhhhu',
  c: '00ehghe',
  d: '11fhhhf',
  e: '00ehvge',
  f: '698s888',
  g: '00fhhhf1e',
  h: 'gguhhhh',
  i: '40c444e',
  j: '2062222ic',
  k: 'ggikoki',
  l: 'c44444e',
  m: '00qllll',
  n: '00uhhhh',
  o: '00ehhhe',
  p: '00uhhhugg',
  q: '00fhhhf11',
  r: '00mpggg',
  s: '00fge1u',
  t: '88s8896',
  u: '00hhhjd',
  v: '00hhha4',
  w: '00hhlla',
  x: '00ha4ah',
  y: '00hhhhf1e',
  z: '00v248v',
  '{': '2448442',
  '|': '4444444',
  '}': '8442448',
  '~': '008l200',
  '×': '0ha4ah0',
  '·': '00004',
  '∞': '00alla',
  '°': 'ciic',
};
/** What has a glyph under another name. */
const ALIKE: Readonly<Record<string, string>> = { '−': '-', '–': '-', '—': '-', '’': "'", '“': '"', '”': '"' };
const UNKNOWN = 'vhhhhhv';

export interface TextOptions {
  readonly color?: Color;
  /** Each pixel of a letter becomes a square of this many. @default 1 */
  readonly scale?: number;
}

/** Width and height of a text of one or more lines, in pixels. */
export function textSize(text: string, scale = 1): { readonly width: number; readonly height: number } {
  const lines = text.split('\n');
  const longest = Math.max(...lines.map((line) => [...line].length));
  return { width: Math.max(0, longest * ADVANCE - 1) * scale, height: (lines.length * LINE - 1) * scale };
}

/** Writes a text into the picture, its upper left corner at (x, y), in a small font of pixels: ASCII and a few signs. */
export function drawText(picture: Raster, text: string, x: number, y: number, options: TextOptions = {}): void {
  const { color = [0, 0, 0], scale = 1 } = options;
  for (const [row, line] of text.split('\n').entries()) {
    for (const [column, letter] of [...line].entries()) {
      const glyph = GLYPHS[ALIKE[letter] ?? letter] ?? UNKNOWN;
      for (const [v, digit] of [...glyph].entries()) {
        const bits = Number.parseInt(digit, 32);
        for (let u = 0; u < 5; u++) {
          if ((bits & (16 >> u)) === 0) continue;
          const place = { x: x + (column * ADVANCE + u) * scale, y: y + (row * LINE + v) * scale };
          picture.fill(color, { ...place, width: scale, height: scale });
        }
      }
    }
  }
}

/** The text, cut so that it is at most `width` pixels wide; what was cut shows as two dots. */
export function fitText(text: string, width: number, scale = 1): string {
  const most = Math.floor((width / scale + 1) / ADVANCE);
  const letters = [...text];
  if (letters.length <= most) return text;
  return most <= 2 ? letters.slice(0, Math.max(0, most)).join('') : `${letters.slice(0, most - 2).join('')}..`;
}
