import { describe, expect, test } from 'vitest';
import { arrayDataset } from '../data/arrayDataset.js';
import { ReferenceEngine } from '../engines/reference/referenceEngine.js';
import { dense } from '../layers/dense.js';
import { sequential } from '../model/sequential.js';
import { RandomStream } from '../tensor/random.js';
import { Tensor } from '../tensor/tensor.js';
import { evaluate } from '../train/evaluate.js';
import { fit as fitModel } from '../train/fit.js';
import { clouds } from '../train/testing/tinyData.js';
import { bootstrapIntervals, meanInterval } from './bootstrap.js';
import { calibration } from './calibration.js';
import { ensemble } from './ensemble.js';
import { measure, mostConfused } from './measure.js';
import { outOfFold } from './outOfFold.js';
import { kaggleCsv, predictionsCsv } from './predictionFiles.js';
import { collectPredictions, lossesOf, type Predictions } from './predictions.js';
import { type SweptPoint, signTest, sweptPoint, sweptTransform } from './strengthSweep.js';
import { suspectedLabels } from './suspectedLabels.js';
import { views } from './views.js';
import { differenceInterval, wilsonInterval } from './wilson.js';

const engine = new ReferenceEngine();

function predictionsOf(labels: readonly number[], rows: readonly (readonly number[])[], names?: string[]): Predictions {
  return {
    classNames: ['a', 'b', 'c'].slice(0, rows[0]?.length),
    labels: Int32Array.from(labels),
    probabilities: Float32Array.from(rows.flat()),
    indices: Uint32Array.from(labels, (_, i) => i),
    ...(names === undefined ? {} : { names }),
  };
}

/** Seven examples of three classes: five right, an a taken for b and a c taken for a. */
const seven = predictionsOf(
  [0, 0, 0, 1, 1, 2, 2],
  [
    [0.9, 0.05, 0.05],
    [0.6, 0.2, 0.2],
    [0.2, 0.7, 0.1],
    [0.1, 0.8, 0.1],
    [0.3, 0.4, 0.3],
    [0.1, 0.1, 0.8],
    [0.95, 0.025, 0.025],
  ],
);

describe('intervals', () => {
  // Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
    // The one wrong of 40 that everybody takes for 97.5 %.
    [39, 40, 0.8712, 0.9956],
  ])('Wilson: %i of %i', (k, n, low, high) => {
    const interval = wilsonInterval(k, n);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  // Newcombe, "Interval estimation for the difference between independent proportions", 1998, table II, method 10.
  test.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [10, 10, 0, 20, 0.6791, 1],
  ])('difference of %i/%i and %i/%i', (x, n, y, m, low, high) => {
    const interval = differenceInterval({ successes: x, trials: n }, { successes: y, trials: m });
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  test('the bootstrap of a mean has the coverage that it says', () => {
    let covered = 0;
    for (let seed = 0; seed < 200; seed++) {
      const random = new RandomStream(seed, 'sample');
      const { low, high } = meanInterval(
        Array.from({ length: 40 }, () => random.normal()),
        { resamples: 200, seed },
      );
      if (low <= 0 && high >= 0) covered++;
    }
    // 95 % of 200, less what the percentile bootstrap lacks with 40 numbers, within three standard errors.
    expect(covered).toBeGreaterThan(178);
    expect(covered).toBeLessThan(200);
  });

  test('the same call, the same bounds; bootstrap and normal agree for many', () => {
    const random = new RandomStream(1, 'many');
    const values = Array.from({ length: 5001 }, () => random.uniform());
    const [drawn] = bootstrapIntervals(
      5001,
      (indices) => [indices.reduce((sum, i) => sum + (values[i] as number), 0) / 5001],
      {
        resamples: 400,
      },
    );
    const normal = meanInterval(values);
    expect(drawn?.low).toBeCloseTo(normal.low, 2);
    expect(drawn?.high).toBeCloseTo(normal.high, 2);
    expect(meanInterval([1, 2, 3, 5])).toEqual(meanInterval([1, 2, 3, 5]));
  });
});

describe('measure', () => {
  test('three classes by hand', () => {
    const result = measure(seven);
    expect(result.confusion).toEqual([
      [2, 1, 0],
      [0, 2, 0],
      [1, 0, 1],
    ]);
    expect([result.examples, result.correct]).toEqual([7, 5]);
    expect(result.interval).toEqual(wilsonInterval(5, 7));
    const [a, b, c] = result.classes;
    expect([a?.precision, a?.recall, a?.f1]).toEqual([2 / 3, 2 / 3, 2 / 3]);
    expect([b?.precision, b?.recall, b?.f1]).toEqual([2 / 3, 1, 0.8]);
    expect([c?.precision, c?.recall, c?.f1]).toEqual([1, 0.5, 2 / 3]);
    expect(c?.recallInterval).toEqual(wilsonInterval(1, 2));
    const loss = -[0.9, 0.6, 0.2, 0.8, 0.4, 0.8, 0.025].reduce((sum, p) => sum + Math.log(p), 0) / 7;
    expect(result.loss).toBeCloseTo(loss, 6);
    expect(result.lossInterval.low).toBeLessThan(loss);
    expect(result.lossInterval.high).toBeGreaterThan(loss);
    expect(result.wrong.map(({ index, truth, predicted }) => [index, truth, predicted])).toEqual([
      [2, 0, 1],
      [6, 2, 0],
    ]);
    expect(mostConfused(result, 1)).toEqual([{ truth: 'a', predicted: 'b', count: 1 }]);
  });

  test('loss and accuracy are those of evaluate', async () => {
    const data = clouds(60);
    const model = sequential([dense({ units: 3, activation: 'softmax', inputShape: [4] })], { seed: 3 });
    const logits = sequential([dense({ units: 3, inputShape: [4] })], { seed: 3 });
    await logits.setWeights(await model.getWeights());
    const all = await evaluate(model, data, { loss: 'categoricalCrossentropy', metrics: ['accuracy'], engine });
    for (const net of [model, logits]) {
      const result = measure(await collectPredictions(net, data, { engine, batchSize: 7 }));
      expect(result.accuracy).toBe(all.accuracy);
      expect(result.loss).toBeCloseTo(all.loss, 5);
    }
  });

  test('examples of weight 0 are left out, and what is left keeps its index', async () => {
    const data = clouds(6);
    const weighted = {
      ...data,
      names: ['p', 'q', 'r', 's', 't', 'u'],
      batch: async (indices: Uint32Array) => ({
        ...(await data.batch(indices)),
        sampleWeights: Float32Array.from(indices, (i) => (i === 1 ? 0 : 1)),
      }),
    };
    const model = sequential([dense({ units: 3, activation: 'softmax', inputShape: [4] })]);
    const result = await collectPredictions(model, weighted, { engine, batchSize: 4 });
    expect([...result.indices]).toEqual([0, 2, 3, 4, 5]);
    expect(result.names).toEqual(['p', 'r', 's', 't', 'u']);
    expect(result.probabilities).toHaveLength(15);
  });

  test('what is no classifier is refused', async () => {
    const model = sequential([dense({ units: 1, inputShape: [4] })]);
    await expect(collectPredictions(model, clouds(6), { engine })).rejects.toThrow(/must be a classifier.*\[1\]/);
  });
});

test('the five views, and top losses', () => {
  const { right, wrong, surestRight, surestWrong, leastCertain, topLosses } = views(seven, { count: 2 });
  const rows = (list: readonly { row: number }[] | undefined): number[] => (list ?? []).map(({ row }) => row);
  expect(right).toHaveLength(2);
  expect(right.every(({ truth, predicted }) => truth === predicted)).toBe(true);
  expect(rows(wrong).sort()).toEqual([2, 6]);
  expect(surestRight.map(rows)).toEqual([[0, 1], [3, 4], [5]]);
  expect(surestWrong.map(rows)).toEqual([[6], [2], []]);
  expect(rows(leastCertain)).toEqual([4, 1]);
  expect(rows(topLosses)).toEqual([6, 2]);
  expect(topLosses[0]?.loss).toBeCloseTo(-Math.log(0.025), 5);
  expect(views(seven, { count: 1, seed: 1 }).right).toEqual(views(seven, { count: 1, seed: 1 }).right);
});

describe('calibration', () => {
  /** Two classes; probabilities are `temperature` times too sure in their logits. */
  function drawn(n: number, temperature: number): Predictions {
    const random = new RandomStream(5, 'calibration');
    const labels: number[] = [];
    const rows: number[][] = [];
    for (let i = 0; i < n; i++) {
      const logit = 2 * random.normal();
      labels.push(random.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0);
      const p = 1 / (1 + Math.exp(-logit * temperature));
      rows.push([1 - p, p]);
    }
    return predictionsOf(labels, rows);
  }

  test('the temperature that was planted is found, and its interval has it', () => {
    for (const planted of [0.5, 1, 3]) {
      const { temperature, temperatureInterval } = calibration(drawn(500, planted));
      expect(temperature / planted).toBeGreaterThan(0.8);
      expect(temperature / planted).toBeLessThan(1.25);
      expect(temperatureInterval.low).toBeLessThan(planted);
      expect(temperatureInterval.high).toBeGreaterThan(planted);
    }
  });

  test('bins by hand', () => {
    const { bins, ece } = calibration(seven, 2);
    const [low, high] = bins;
    // Confidences .9 .6 .7 .8 .4 .8 .95; the one of .4 is right, of the others all but .7 and .95.
    expect([low?.examples, high?.examples]).toEqual([1, 6]);
    expect(low?.confidence).toBeCloseTo(0.4);
    expect(low?.accuracy).toBe(1);
    expect(high?.confidence).toBeCloseTo(4.75 / 6);
    expect(high?.accuracy).toBeCloseTo(4 / 6);
    expect(high?.interval).toEqual(wilsonInterval(4, 6));
    expect(ece).toBeCloseTo((0.6 + 0.75) / 7);
  });

  test('too sure of itself is worse calibrated', () => {
    expect(calibration(drawn(500, 4)).eceInterval.low).toBeGreaterThan(calibration(drawn(500, 1)).eceInterval.high);
  });
});

test('ensembles: the mean, of the same examples alone', () => {
  const other = predictionsOf([0, 1], [[0.2, 0.8], [0.4, 0.6]]); // biome-ignore format: two rows
  const first = predictionsOf([0, 1], [[0.6, 0.4], [1, 0]]); // biome-ignore format: two rows
  const both = ensemble([first, other]);
  for (const [i, p] of [0.4, 0.6, 0.7, 0.3].entries()) expect(both.probabilities[i]).toBeCloseTo(p);
  expect(() => ensemble([first, { ...other, labels: Int32Array.of(1, 1) }])).toThrow(/member 2.*other examples/);
  expect(() => ensemble([first, { ...other, classNames: ['x', 'y'] }])).toThrow(/classes x, y, the first has a, b/);
  expect(() => ensemble([])).toThrow(/at least one member/);
});

describe('files', () => {
  test('CSV, with names that need quotes', () => {
    const text = predictionsCsv(predictionsOf([0, 1], [[0.75, 0.25], [0.5, 0.5]], ['cat, 1.jpg', 'x.jpg'])); // biome-ignore format: two rows
    expect(text).toBe(
      'example,truth,predicted,probability,loss,p(a),p(b)\n"cat, 1.jpg",a,a,0.75,0.287682,0.75,0.25\nx.jpg,b,a,0.5,0.693147,0.5,0.5\n',
    );
  });

  test('Kaggle: two classes, clipped to 0.05 and 0.95 as in the course', () => {
    const two = { classNames: ['cat', 'dog'], probabilities: Float32Array.of(1, 0, 0.25, 0.75), ids: ['1', '2'] };
    expect(kaggleCsv(two, { clip: 0.95 })).toBe('id,label\n1,0.05\n2,0.75\n');
    expect(kaggleCsv(two, { positive: 'cat' })).toBe('id,label\n1,1\n2,0.25\n');
    expect(() => kaggleCsv(two, { positive: 'cow' })).toThrow(/no class "cow"/);
    expect(() => kaggleCsv(two, { clip: 0.3 })).toThrow(/more than 1 \/ 2/);
  });

  test('Kaggle: ten classes, clipped to .93 and .007778 as for State Farm', () => {
    const classNames = Array.from({ length: 10 }, (_, i) => `c${i}`);
    const probabilities = Float32Array.from({ length: 10 }, (_, i) => (i === 3 ? 1 : 0));
    const [head, row] = kaggleCsv({ classNames, probabilities, ids: ['img_1.jpg'] }, { clip: 0.93 }).split('\n');
    expect(head).toBe('img,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9');
    expect(
      row
        ?.split(',')
        .map((cell) => Number(cell).toFixed(6))
        .slice(1, 5),
    ).toEqual([...['0.007778', '0.007778', '0.007778', '0.930000']]);
  });
});

describe('labels that are wrong', () => {
  /** Clouds twice as far from each other, with every twentieth label wrong. */
  async function planted() {
    const clean = clouds(600, 4);
    const { x, y } = await clean.batch(Uint32Array.from({ length: 600 }, (_, i) => i));
    const random = new RandomStream(2, 'flips');
    const flipped = new Set(random.shuffle(Array.from({ length: 600 }, (_, i) => i)).slice(0, 30));
    const labels = Int32Array.from(y.data, (label, i) => (flipped.has(i) ? (label + 1) % 3 : label));
    for (const [i, label] of (y.data as Int32Array).entries())
      x.data[4 * i + label] = (x.data[4 * i + label] as number) + 1;
    return { data: arrayDataset(x, new Tensor(labels, [600])), flipped };
  }

  test('out of fold, most of those planted are found, and the first are planted', async () => {
    const { data, flipped } = await planted();
    const predictions = await outOfFold(data, {
      engine,
      train: async (training, fold) => {
        const model = sequential([dense({ units: 3, activation: 'softmax', inputShape: [4] })], { seed: fold });
        await fitModel(model, training, {
          ...{ loss: 'categoricalCrossentropy', epochs: 15, batchSize: 16, engine, trainSample: 0 },
        });
        return model;
      },
    });
    expect([...predictions.indices]).toEqual(Array.from({ length: 600 }, (_, i) => i));
    const { suspects, floor } = suspectedLabels(predictions);
    const found = suspects.filter(({ index }) => flipped.has(index)).length;
    expect(found / flipped.size).toBeGreaterThanOrEqual(0.6);
    expect(suspects.slice(0, 15).filter(({ index }) => flipped.has(index)).length).toBeGreaterThanOrEqual(13);
    // About 5 % of labels are wrong where the network is surest.
    expect(floor.examples).toBe(150);
    expect(floor.interval.low).toBeGreaterThan(0.02);
    expect(floor.interval.low).toBeLessThan(0.1);
  });
});

test('losses stay finite', () => {
  expect(lossesOf(predictionsOf([1], [[1, 0]]))[0]).toBeCloseTo(149 * Math.log(2));
});

describe('strengths of augmentation', () => {
  // The binomial distribution in whole numbers, worked out with Python's.
  test.each([
    [6, 6, 1 / 64],
    [8, 10, 0.0546875],
    [0, 0, 1],
    [0, 9, 1],
    [15, 20, 0.020694732666015625],
    [560, 1000, 8.252493527522651e-5],
  ])('%i of %i worse: exact', (worse, n, p) => expect(signTest(worse, n)).toBeCloseTo(p, 6));

  /** Of each two: the label is 0, and what it is taken for. */
  const said = (taken: readonly number[]): Predictions => ({
    classNames: ['cat', 'dog', 'cow'],
    labels: new Int32Array(taken.length),
    probabilities: Float32Array.from(taken.flatMap((one) => [0, 1, 2].map((c) => (c === one ? 0.8 : 0.1)))),
    indices: Uint32Array.from(taken.keys()),
  });

  test('paired with the same photos: seven more wrong are surely worse, five are not', () => {
    const clean = said(Array.from({ length: 30 }, (_, i) => (i === 0 ? 1 : 0)));
    const worse = (n: number) => said(Array.from({ length: 30 }, (_, i) => (i === 0 ? 1 : i <= n ? 2 : 0)));
    const [five, seven] = [5, 7].map((n) => sweptPoint(n, `tilt to ${n}`, clean, worse(n))) as [SweptPoint, SweptPoint];
    expect([five.isLower, seven.isLower]).toEqual([false, true]);
    expect(seven).toMatchObject({ examples: 30, correct: 22, flipped: 7 / 30, mixup: { truth: 'cat', predicted: 'cow', count: 7 } }); // biome-ignore format: one thing
    expect(seven.interval).toEqual(wilsonInterval(22, 30));
    expect(seven.probability).toBeCloseTo(0.8);
    const { sentence } = sweptTransform('tilt', [five, seven]);
    expect(sentence).toMatch(
      /^accuracy is surely lower from ×7 \(tilt to 7\) on: 73\.3 % \(.*, 22 of 30\), most often cat/,
    );
    expect(sweptTransform('tilt', [five]).sentence).toBe('accuracy is not surely lower.');
  });
});
