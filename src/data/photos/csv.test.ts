import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCsv } from './csv.js';

const rows = (text: string) => parseCsv(text, 'list').map(({ fields }) => fields);

test.each<[string, string, string[][]]>([
  [
    'plain',
    'a,b\nc,d\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  [
    'no end of the last line',
    'a,b\r\nc,d',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  [
    'quotes',
    '"a,1","b ""x"""\n"two\r\nlines",d',
    [
      ['a,1', 'b "x"'],
      ['two\r\nlines', 'd'],
    ],
  ],
  [
    'empty fields',
    ',\na,\n,b\n"",""',
    [
      ['', ''],
      ['a', ''],
      ['', 'b'],
      ['', ''],
    ],
  ],
  [
    'empty lines',
    '\n\na,b\n\n\nc,d\n\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  ['a byte order mark', '\ufeffa,b', [['a', 'b']]],
  [
    'semicolons',
    '\na;b,c;d\ne;f',
    [
      ['a', 'b,c', 'd'],
      ['e', 'f'],
    ],
  ],
  ['tabs', 'a\tb, c\td', [['a', 'b, c', 'd']]],
  [
    'a delimiter in quotes does not count',
    '"a;b;c",d\ne,f',
    [
      ['a;b;c', 'd'],
      ['e', 'f'],
    ],
  ],
  ['a quote within a field', '5" disk,b', [['5" disk', 'b']]],
  [
    'old line ends',
    'a,b\rc,d',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  ['nothing', '', []],
])('%s', (_, text, expected) => expect(rows(text)).toEqual(expected));

test('lines are counted through quotes and empty lines', () => {
  const lines = parseCsv('a,b\n\n"x\ny",c\r\nd,e', 'list').map(({ line }) => line);
  expect(lines).toEqual([1, 3, 5]);
});

test('what is not closed or followed by text is named with its line', () => {
  expect(() => rows('a,b\n"c,d\n')).toThrow(/list, line 2: a quote is not closed/);
  expect(() => rows('a,b\n"c"d,e\n')).toThrow(/list, line 2: after a closing quote/);
});

test('what is written with quotes comes back', () => {
  const field = fc.string({ unit: fc.constantFrom('a', ',', ';', '\t', '"', '\n', '\r', ' ', 'é', '🐈') });
  const table = fc.integer({ min: 2, max: 4 }).chain((n) => fc.array(fc.array(field, { minLength: n, maxLength: n })));
  fc.assert(
    fc.property(table, fc.constantFrom('\n', '\r\n'), (all, end) => {
      const text = all.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(',') + end).join('');
      expect(rows(text)).toEqual(all);
    }),
  );
});

test('any text is read or refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r') }), (text) => {
      try {
        for (const row of rows(text)) expect(row.length).toBeGreaterThan(0);
      } catch (error) {
        expect(String(error)).toMatch(/list, line \d+/);
      }
    }),
    { numRuns: 500 },
  );
});
