import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digits } from '../../data/digits.js';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { Sheet } from '../../formats/xlsx/sheet.js';
import { xlsxPieces } from '../../formats/xlsx/writeXlsx.js';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { flatten } from '../../layers/flatten.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { input } from '../../layers/input.js';
import { maxPooling2d } from '../../layers/maxPooling2d.js';
import { normalization } from '../../layers/normalization.js';
import { relu } from '../../layers/relu.js';
import { zeroPadding2d } from '../../layers/zeroPadding2d.js';
import { sequential } from '../../model/sequential.js';
import { sharedData } from '../../testing/sharedData.js';
import { Predictor } from '../../train/predict.js';
import { cnn } from '../../zoo/lecture.js';
import { describeNetwork } from './describeNetwork.js';
import { exampleNetwork } from './exampleNetwork.js';
import { networkWorkbook } from './workbook.js';

const golden = sharedData('../reference/golden/conv-example.json');
const office = ['/usr/bin/soffice', '/usr/bin/libreoffice'].find((path) => existsSync(path));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-workbook-'));
});
afterAll(async () => void (await rm(folder, { recursive: true })));

const digit = async (index: number) => (await digits().test.batch(Uint32Array.of(index))).x.data;

/** The sheets with every formula's value forgotten, so that only a program that computes can tell it. */
function withoutValues(sheets: readonly Sheet[]): Sheet[] {
  return sheets.map((sheet) => {
    const copy = new Sheet(sheet.name);
    for (const [row, cells] of sheet.rows) {
      for (const [column, cell] of cells)
        copy.set(row, column, cell.formula === undefined ? cell : { ...cell, value: 0 });
    }
    return copy;
  });
}

/** Its usual setting believes the values in the file; this one is what a person chooses by asking for a recalculation. */
const ALWAYS_RECALCULATE = `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>`;

/** What LibreOffice makes of a workbook: each sheet as rows of texts, numbers in full, or formulas. */
async function opened(sheets: readonly Sheet[], formulas: boolean): Promise<string[][][]> {
  const file = join(folder, 'book.xlsx');
  await writeFile(file, xlsxPieces(sheets));
  const profile = join(folder, 'profile');
  await mkdir(join(profile, 'user'), { recursive: true });
  await writeFile(join(profile, 'user', 'registrymodifications.xcu'), ALWAYS_RECALCULATE);
  const filter = `csv:Text - txt - csv (StarCalc):9,34,76,1,,0,false,false,false,${formulas},false,-1`;
  const options = [`-env:UserInstallation=file://${profile}`, '--headless', '--convert-to', filter, '--outdir', folder];
  await promisify(execFile)(office as string, [...options, file], { timeout: 100_000 });
  return Promise.all(
    sheets.map(async ({ name }) => {
      const text = await readFile(join(folder, `book-${name}.csv`), 'utf8');
      return text.split('\n').map((line) => line.split('\t').map((cell) => cell.replace(/^"(.*)"$/, '$1')));
    }),
  );
}

/** The biggest difference, relative to 1, between the values in the sheets and those that LibreOffice computed. */
function farthest(sheets: readonly Sheet[], computed: string[][][]): { worst: number; formulas: number } {
  let [worst, formulas] = [0, 0];
  for (const [i, sheet] of sheets.entries()) {
    for (const [row, cells] of sheet.rows) {
      for (const [column, { formula, value }] of cells) {
        if (formula === undefined) continue;
        formulas++;
        const found = Number(computed[i]?.[row - 1]?.[column - 1]);
        worst = Math.max(worst, Math.abs(found - (value as number)) / Math.max(1, Math.abs(value as number)));
        if (Number.isNaN(found)) throw new Error(`${sheet.name}!R${row}C${column}: ${formula} became no number`);
      }
    }
  }
  return { worst, formulas };
}

const small = () =>
  sequential([
    input([28, 28, 1]),
    normalization({ mean: 0.13, standardDeviation: 0.31 }),
    conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: 'same', useBias: false }),
    batchNormalization(),
    relu(),
    zeroPadding2d(),
    conv2d({ filters: 4, kernelSize: 3, activation: 'tanh' }),
    maxPooling2d(),
    flatten(),
    dense({ units: 12, activation: 'relu' }),
    dense({ units: 10, activation: 'softmax' }),
  ]);

describe('workbook', () => {
  test.skipIf(!existsSync(golden))("the lesson's own numbers give 1814.9177220748", () => {
    const { input: x, f11, f21, f12, f22, dense: weights, activation } = JSON.parse(readFileSync(golden, 'utf8'));
    const twelve = weights.map((map: number[][]) => map.map((row) => row.slice(0, 12)));
    const network = exampleNetwork({ first: [f11, f21], second: [f12, f22], dense: twelve });
    const { scores, sheets } = networkWorkbook(network, x.flat());
    expect(activation).toBe(1814.9177220748);
    expect(scores).toHaveLength(1);
    expect(scores[0]).toBeCloseTo(1814.9177220748, 9);
    const [, softmax, entropy] = sheets as [Sheet, Sheet, Sheet];
    const column = (sheet: Sheet, c: number) => [2, 3, 4, 5, 6].map((row) => sheet.value(row, c) as number);
    const close = (values: number[], expected: number[]) =>
      expected.map((one, i) => expect(values[i]).toBeCloseTo(one, 6));
    close(column(softmax, 3), [0.1254792, 0.8942993, 3.5606608, 0.386027, 4.2637993]);
    close(column(softmax, 4), [0.0135943, 0.0968877, 0.3857593, 0.0418219, 0.4619368]);
    expect(softmax.value(7, 3)).toBeCloseTo(9.2302657, 6);
    for (const c of [3, 4]) close(column(entropy, c), [Math.LN2, 0.020203, Math.LN10, Math.LN2, 0.105361]);
    for (const c of [5, 6]) close(column(entropy, c), [0.30103, 0.0087739, 1, 0.30103, 0.0457575]);
  });

  test('the scores are those of the network', async () => {
    const engine = new ReferenceEngine();
    for (const model of [
      small(),
      sequential([
        input([28, 28, 1]),
        conv2d({ filters: 2, kernelSize: 5, activation: 'sigmoid' }),
        globalAveragePooling2d(),
        dense({ units: 10, activation: 'softmax' }),
      ]),
    ]) {
      const x = await digit(3);
      const { scores } = networkWorkbook(await describeNetwork(model), x);
      const most = Math.max(...scores);
      const exps = scores.map((score) => Math.exp(score - most));
      const total = exps.reduce((a, b) => a + b);
      const { x: batch } = await digits().test.batch(Uint32Array.of(3));
      const { data } = await new Predictor(model, engine).predict(batch);
      for (const [i, one] of exps.entries()) expect(data[i]).toBeCloseTo(one / total, 5);
    }
  });

  // Debian's package is libreoffice-calc; without it, nothing here can compute the formulas a second time.
  test.skipIf(office === undefined)(
    'LibreOffice computes the same values, and shows the formulas',
    { timeout: 120_000 },
    async () => {
      const network = await describeNetwork(small());
      const { sheets, scores } = networkWorkbook(network, await digit(7), { trueClass: 7 });
      expect(new Set(scores).size).toBe(10);
      const { worst, formulas } = farthest(sheets, await opened(withoutValues(sheets), false));
      expect(formulas).toBeGreaterThan(2000);
      expect(worst).toBeLessThan(1e-9);
      const [first] = await opened(sheets, true);
      expect(first?.flat().filter((cell) => /^=MAX\(0[,;]/.test(cell)).length).toBeGreaterThan(100);
      expect(first?.flat().some((cell) => cell.includes('SUMPRODUCT('))).toBe(true);
    },
  );

  test('a network too large for a sheet is told so, in time', async () => {
    const network = await describeNetwork(cnn());
    const x = await digit(0);
    const start = process.cpuUsage().user;
    expect(() => networkWorkbook(network, x)).toThrow('Use a smaller network');
    expect(process.cpuUsage().user - start).toBeLessThan(2e6);
  });

  test.each([
    [
      'groups',
      () =>
        sequential([
          input([8, 8, 2]),
          conv2d({ filters: 2, kernelSize: 3, groups: 2 }),
          flatten(),
          dense({ units: 2 }),
        ]),
    ],
    ['limited', () => sequential([input([8, 8, 1]), relu({ maxValue: 6 }), flatten(), dense({ units: 2 })])],
    ['pictures', () => sequential([input([8]), dense({ units: 2 })])],
    ['flatten', () => sequential([input([2, 2, 1]), dense({ units: 2 }), flatten()])],
  ])('what has no formula is refused by name: %s', async (word, make) => {
    await expect(describeNetwork(make())).rejects.toThrow(word);
  });
});
