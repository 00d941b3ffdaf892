import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { groupsByPattern } from './photoGroups.js';
import { type ListedPhoto, type PhotoColumns, parsePhotoList } from './photoList.js';

const parse = (text: string, columns?: PhotoColumns, group?: string) => parsePhotoList(text, 'list', columns, group);
const cat: ListedPhoto = { path: 'a/1.jpg', className: 'cat', part: 'train', line: 1 };
const dog: ListedPhoto = { path: 'b/2.jpg', className: 'dog', part: 'train', line: 2 };

describe('forms of a list', () => {
  const at = (...lines: number[]) => [cat, dog].map((photo, i) => ({ ...photo, line: lines[i] }));
  test.each<[string, string, object[]]>([
    ['CSV without a header', 'a/1.jpg,cat\nb/2.jpg,dog\n', at(1, 2)],
    ['CSV with a header', 'Label,Image_Path\ncat,a/1.jpg\ndog,b/2.jpg', at(2, 3)],
    ['strokes of Windows, a dot at the beginning', 'path;class\r\n.\\a\\1.jpg;cat\r\n"./b/2.jpg"; dog ', at(2, 3)],
    ['tabs', 'id\tfile name\tcategory\n1\ta/1.jpg\tcat\n2\tb/2.jpg\tdog', at(2, 3)],
    ['JSON', '[{"path":"a/1.jpg","label":"cat"},\n\n{"path":"b/2.jpg",\n"label":"dog"}]', at(1, 3)],
    [
      'JSON within an object',
      '{"about":{"x":"]}"},\n"photos":[\n{"file":"a/1.jpg","class":"cat"},\n{"file":"b/2.jpg","class":"dog"}]}',
      at(3, 4),
    ],
    ['JSON, one a line', '{"path":"a/1.jpg","label":"cat"}\n\n{"label":"dog","path":"b/2.jpg"}\n', at(1, 3)],
  ])('%s', (_, text, photos) => expect(parse(text)).toEqual({ photos, problems: [], hasWeights: false }));
});

test('split, group and weight', () => {
  const text = 'path,label,split,group,weight\n1.jpg,a,val,x,\n2.jpg,a,Test,,0.5\n3.jpg,7,,y,2';
  const facts = { className: 'a', part: 'valid' };
  expect(parse(text)).toEqual({
    photos: [
      { path: '1.jpg', ...facts, group: 'x', weight: 1, line: 2 },
      { path: '2.jpg', ...facts, part: 'test', weight: 0.5, line: 3 },
      { path: '3.jpg', className: '7', part: 'train', group: 'y', weight: 2, line: 4 },
    ],
    problems: [],
    hasWeights: true,
  });
  expect(parse('1.jpg,a,train,x,2').photos).toEqual([
    { path: '1.jpg', className: 'a', part: 'train', group: 'x', weight: 2, line: 1 },
  ]);
});

test("columns by name: State Farm's list of drivers", () => {
  const text = 'subject,classname,img\np002,c0,img_44733.jpg\np012,c1,img_72999.jpg\n';
  expect(parse(text).photos[0]).toEqual({ path: 'img_44733.jpg', className: 'c0', part: 'train', line: 2 });
  expect(parse(text, {}, 'subject').photos.map(({ group }) => group)).toEqual(['p002', 'p012']);
  expect(parse(text, { label: 'subject', group: 'classname' }, 'subject').photos[0]).toMatchObject({
    ...{ className: 'p002', group: 'c0' },
  });
  // What is no column is a pattern, which others look at.
  expect(parse(text, {}, '(p[0-9]+)').photos[0]?.group).toBeUndefined();
  expect(() => parse(text, { label: 'clasname' })).toThrow(/a column "clasname".*Did you mean "classname"\?/);
  expect(() => parse('name,kind\nx.jpg,y\n', { path: 'name' })).toThrow(/a column with the label.*"name", "kind"/);
});

test('rows that cannot be used are named with their line', () => {
  const rows = [
    ...['path,label,split,weight', 'a.jpg,cat,train,1', ',cat,train,1', 'b.jpg,,train,1', 'c.jpg,cat,later,1'],
    ...['d.jpg,cat,test,-1', 'e.jpg,cat,test,many', 'a.jpg,cat,,', 'a.jpg,dog,,', 'https://x.org/a.jpg,cat,,'],
    ...['"two\nlines.jpg",cat', 'f.jpg', 'g.jpg,cat,valid,0'],
  ];
  const { photos, problems } = parse(rows.join('\n'));
  expect(photos.map(({ path, line }) => [path, line])).toEqual([
    ['a.jpg', 2],
    ['two\nlines.jpg', 11],
    ['g.jpg', 14],
  ]);
  expect(problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'list, line 3: there is no path',
    'list, line 4: there is no label',
    'list, line 5: the split must be train, valid or test, not "later"',
    'list, line 6: the weight must be a number of at least 0, not "-1"',
    'list, line 7: the weight must be a number of at least 0, not "many"',
    'list, line 8: the photo is in line 2 already',
    'list, line 9: the photo is in line 2 already, as cat',
    'list, line 10: photos must be files, not addresses',
    'list, line 13: there is no label',
  ]);
  expect(problems.every(({ kind }) => kind === 'row')).toBe(true);
  const json = parse('[{"path":"a.jpg","label":"cat"},\n{"path":["x"],"label":"cat"},\n{"path":"b.jpg","label":null}]');
  expect(json.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'list, line 2: there is no path',
    'list, line 3: there is no label',
  ]);
  expect(parse('[7, {"path":"a.jpg","label":1}]').problems[0]?.message).toBe('a row must be a JSON object');
  expect(parse('{"path":"a.jpg","label":1}\n{"path"\n').problems[0]?.path).toBe('list, line 2');
});

test.each<[string, string, RegExp]>([
  ['nothing', '', /no row with a photo/],
  ['a header alone', 'path,label\n', /no row with a photo/],
  ['other text', 'Dear reader,\nno list here', /a column with the path/],
  ['broken JSON', '[{"path":', /must be an array of objects/],
  ['JSON of something else', '{"a":[1],"b":[2]}', /an object with 2 arrays/],
  ['a quote that is not closed', 'path,label\n"a.jpg,cat', /line 2: a quote/],
])('%s is refused', (_, text, message) => expect(() => parse(text)).toThrow(message));

test('whatever a list holds, it is read or refused', () => {
  const text = fc.string({ unit: fc.constantFrom(...'[]{}":,\n\r;\t \\x.jpg path label 0'.split('')), maxLength: 80 });
  fc.assert(
    fc.property(fc.constantFrom('', '[{"path":"a.jpg","label":"b"},', 'path,label\n', '{'), text, (start, rest) => {
      try {
        parse(start + rest);
      } catch (error) {
        expect((error as Error).name).toBe('FoveaError');
      }
    }),
    { numRuns: 500 },
  );
});

test('a pattern names groups by what its parentheses hold, else by all that it matches', () => {
  const paths = ['c0/p1_1.jpg', 'c1/p1_2.jpg', 'c1/p22_1.jpg', 'c1/other.jpg'];
  expect(groupsByPattern(paths, '/(p[0-9]+)_')).toEqual(['p1', 'p1', 'p22', undefined]);
  expect(groupsByPattern(paths, /P\d+/gi)).toEqual(['p1', 'p1', 'p22', undefined]);
  expect(() => groupsByPattern(paths, '(')).toThrow(/must be a regular expression/);
  expect(() => groupsByPattern(paths, 'driver')).toThrow(/no match in 4 paths such as "c0\/p1_1.jpg"/);
});
