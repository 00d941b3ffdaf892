import { beforeAll, describe, expect, test } from 'vitest';
import type { PhotoDataset } from '../../data/photos/photoDataset.js';
import { normalizePixels } from '../../data/photos/preprocessing.js';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import type { ColorRule } from '../../explain/optimize/networkColors.js';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { input } from '../../layers/input.js';
import { maxPooling2d } from '../../layers/maxPooling2d.js';
import { relu } from '../../layers/relu.js';
import type { Model } from '../../model/model.js';
import { sequential } from '../../model/sequential.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';
import { inspectFiles } from './inspectFiles.js';
import { type Inspection, inspectModel } from './inspection.js';
import { inspectionJson } from './inspectionJson.js';
import { inspectPage } from './inspectPage.js';
import { paintActivations } from './inspectPictures.js';
import { inspectionSentences } from './inspectTexts.js';

const engine = new ReferenceEngine();
const N = 24;
const SIDE = 16;

function build(): Model {
  return sequential(
    [
      ...[
        input([SIDE, SIDE, 3]),
        conv2d({ name: 'first', filters: 5, kernelSize: 5, padding: 'same', activation: 'relu' }),
      ],
      ...[maxPooling2d(), conv2d({ name: 'second', filters: 6, kernelSize: 3, padding: 'same' })],
      ...[batchNormalization({ name: 'norm' }), relu({ name: 'end' }), globalAveragePooling2d()],
      dense({ name: 'scores', units: 2, activation: 'softmax' }),
    ],
    { name: 'small', seed: 3 },
  );
}

/** Photos of noise: red ones of the class `red`, and names that a page must not take for markup. */
function photos(): PhotoDataset {
  const random = new RandomStream(5, 'photos');
  const size = SIDE * SIDE * 3;
  const labels = Int32Array.from({ length: N }, (_, i) => i % 2);
  const pixels = Uint8Array.from({ length: N * size }, (_, i) => {
    const red = (labels[Math.floor(i / size)] as number) === 1 && i % 3 === 0;
    return random.below(120) + (red ? 135 : 0);
  });
  const of = (i: number): Uint8Array => pixels.slice(i * size, (i + 1) * size);
  return {
    ...{ size: N, inputShape: [SIDE, SIDE, 3], labels, classNames: ['<b>other</b>', 'red'] },
    names: Array.from(labels, (_, i) => `photo <${i}>.jpg`),
    async batch(indices) {
      const all = new Uint8Array(indices.length * size);
      for (const [at, i] of indices.entries()) all.set(of(i), at * size);
      const y = new Tensor<'int32'>(
        Int32Array.from(indices, (i) => labels[i] as number),
        [indices.length],
      );
      const frame = { channelOrder: 'rgb', range: [0, 1], mean: [0, 0, 0], standardDeviation: [1, 1, 1] } as const;
      return { x: normalizePixels(all, [indices.length, SIDE, SIDE, 3], frame), y };
    },
    photo: async (i) => ({ pixels: of(i), height: SIDE, width: SIDE }),
  };
}

let found: Inspection;
beforeAll(async () => {
  found = await inspectModel(build(), { engine, photos: photos(), before: build() });
});

const sentencesOf = (inspection: Inspection) => inspectionSentences(inspection).map(({ sentence }) => sentence);

describe('a look inside', () => {
  test('goes from filters to units, each with its sentence', () => {
    const topics = [...new Set(inspectionSentences(found).map(({ about }) => about))];
    expect(topics).toEqual([
      ...['filters', 'receptive fields', 'activations', 'units', 'health', 'number', 'contributions', 'shift'],
      'before and after',
    ]);
    const text = sentencesOf(found).join('\n');
    expect(text).toContain('A unit of first sees 5 × 5 pixels of 16 × 16, 1 from one unit to the next.');
    expect(text).toContain('A unit of second sees 10 × 10 pixels of 16 × 16, 2 from one unit to the next.');
    expect(text).toMatch(/Unit \d of end is strongest on photo <\d+>\.jpg/);
    expect(text).toMatch(/The margin of (red|<b>other<\/b>) over/);
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('patches are cut from the photos at the region of the unit', async () => {
    const data = photos();
    for (const { patches, layer } of found.units) {
      for (const { photo, pixels, cut } of patches) {
        const { region } = cut;
        const whole = await data.photo(photo);
        const at = ((region.top + 1) * SIDE + region.left + 1) * 3;
        if (region.width > 1 && region.height > 1) expect(pixels[(region.width + 1) * 3]).toBe(whole.pixels[at]);
        if (layer === 'first') expect(region.height).toBeLessThanOrEqual(5);
      }
    }
  });

  test('the explained number is the one that the network shows', () => {
    const { layers, shown } = found.number as NonNullable<Inspection['number']>;
    expect(layers.at(-1)?.value).toBeCloseTo(shown, 4);
    expect(layers[0]?.steps.map(({ op }) => op)).toEqual(['conv2d', 'bias', 'relu']);
  });

  test('the same network before and after: exactly nothing changed', () => {
    const text = sentencesOf(found).join('\n');
    expect(text).toContain('All weights that small has too are exactly as they were.');
    expect(text).toContain('every shared layer answers exactly as before (CKA 1)');
    for (const { cka, sharedPhotos } of found.comparison?.layers ?? []) expect([cka, sharedPhotos]).toEqual([1, 1]);
  });

  test('sentences are made from the numbers: another weight makes other sentences', async () => {
    const changed = build();
    const weights = await changed.getWeights();
    weights[0]?.data.fill(0);
    weights[1]?.data.fill(-1);
    await changed.setWeights(weights);
    const other = await inspectModel(changed, { engine, photos: photos(), before: build() });
    const text = sentencesOf(other).join('\n');
    expect(text).toContain('first has 5 filters with weights up to ±0: 5 are dead (0, 1, 2, 3, 4)');
    expect(text).toMatch(/Unit \d of first is 0 on all 24 photos: it is dead on them/);
    expect(text).toContain('first changed most: its kernel by 100 %');
    expect(text).not.toContain('exactly as they were');
    expect(other.layers.find(({ name }) => name === 'first')?.health?.dead).toEqual([0, 1, 2, 3, 4]);
    await expect(inspectPage(other)).resolves.toContain('it is dead on them');
  });

  test('what the strongest patches project to, by each rule, and why a rule cannot be used', async () => {
    for (const { patches, projections, layer } of found.units) {
      expect(projections.map(({ rule, refused }) => [rule, refused])).toEqual([
        ['deconvnet', undefined],
        ['guided', undefined],
        ['gradient', undefined],
      ]);
      for (const projection of projections) {
        expect(projection.patches).toHaveLength(Math.min(5, patches.length));
        for (const { signal, channels, cut } of projection.patches) {
          expect(signal).toHaveLength(cut.region.height * cut.region.width * channels);
        }
      }
      if (layer !== 'first') continue;
      // The gradient of a filter behind a ReLU, at a place where it is active, is the filter itself.
      const unit = found.units.find((one) => one.layer === layer);
      const bank = found.banks.find((one) => one.layer === layer);
      const inside = unit?.projections[2]?.patches.find(({ cut }) => cut.region.height === 5 && cut.region.width === 5);
      if (unit === undefined || bank === undefined || inside === undefined) throw new Error('no patch inside');
      for (let i = 0; i < 75; i++) {
        const [y, x, c] = [Math.floor(i / 15), Math.floor(i / 3) % 5, i % 3];
        expect(inside.signal[i]).toBeCloseTo(bank.data[((unit.channel * 3 + c) * 5 + y) * 5 + x] as number, 5);
      }
    }
    const gated = sequential(
      [
        ...[input([SIDE, SIDE, 3]), conv2d({ filters: 3, kernelSize: 3, activation: 'tanh', name: 'gate' })],
        ...[globalAveragePooling2d(), dense({ units: 2, activation: 'softmax' })],
      ],
      { name: 'gated', seed: 1 },
    );
    const other = await inspectModel(gated, { engine, photos: photos(), units: [0] });
    expect(other.units[0]?.projections.map(({ rule, refused }) => [rule, refused === undefined])).toEqual([
      ['deconvnet', false],
      ['guided', false],
      ['gradient', true],
    ]);
    const page = await inspectPage(other);
    expect(page).toContain('There is no row for deconvnet. tanh');
    expect(page).toContain('the plain gradient');
  });

  test('a patch that is not what was found is marked stale', async () => {
    expect(found.units.flatMap(({ patches }) => patches).some(({ stale }) => stale)).toBe(false);
    expect(sentencesOf(found).join()).not.toContain('stale');
    const data = photos();
    let looked = 0;
    // After the search, photo 1 is another one.
    const changing: PhotoDataset = {
      ...data,
      batch: (indices) => {
        looked += indices.length;
        return data.batch(looked <= N ? indices : indices.map((i) => (i === 1 ? 2 : i)));
      },
    };
    const other = await inspectModel(build(), { engine, photos: changing, layers: ['first'] });
    const all = other.units.flatMap(({ patches, weaker }) => [...patches, ...weaker.map(({ patch }) => patch)]);
    const stale = all.filter((patch) => patch.stale);
    expect(stale.length).toBeGreaterThan(0);
    expect(new Set(stale.map(({ photo }) => photo))).toEqual(new Set([1]));
    expect(sentencesOf(other).join()).toMatch(/are stale: run once more, photo <1>\.jpg gives/);
    expect(await inspectPage(other)).toContain('(stale: now');
  });

  test('pictures made by optimization, under what they are', async () => {
    const preprocessing: ColorRule = {
      ...{ channelOrder: 'rgb', range: [0, 1], mean: [0, 0, 0], standardDeviation: [1, 1, 1] },
    };
    const made = await inspectModel(build(), {
      ...{ engine, photos: photos(), layers: ['first'], units: [1], optimize: { preprocessing, steps: 4 } },
    });
    const [unit] = made.units;
    expect(unit?.optimized?.values).toHaveLength(4);
    const page = await inspectPage(made);
    expect(page).toContain('Made by optimization, not a photo.');
    expect(page).toContain('not what does so in photos');
    const files = await inspectFiles(made);
    expect(files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['unit-first-1.png', 'unit-first-1-projections.png', 'unit-first-1-optimized.png']),
    );
    expect(JSON.stringify(inspectionJson(made))).not.toContain('"image"');
  });

  test('activations on a scale of their own say the end of each', async () => {
    const own = await inspectPage(found, { scale: 'own' });
    expect(own).toContain('Each map has a scale of its own');
    const [layer] = found.activations;
    if (layer === undefined) throw new Error('no activations');
    const painted = paintActivations(layer, 'own');
    expect(painted.scale).toBeUndefined();
    expect(painted.picture.data).not.toEqual(paintActivations(layer).picture.data);
  });

  test('without photos there are filters and receptive fields', async () => {
    const bare = await inspectModel(build(), { engine });
    expect([...new Set(inspectionSentences(bare).map(({ about }) => about))]).toEqual(['filters', 'receptive fields']);
    const page = await inspectPage(bare);
    expect(page).toContain('No photos were given');
    expect(page).not.toContain('What units look for');
  });

  test('layers and units can be named, and what has no places is refused', async () => {
    const some = await inspectModel(build(), { engine, photos: photos(), layers: ['second'], units: [1, 4] });
    expect(some.units.map(({ layer, channel }) => `${layer} ${channel}`)).toEqual(['second 1', 'second 4']);
    await expect(inspectModel(build(), { engine, layers: ['scores'] })).rejects.toThrow(
      /no height and width.*first, end/,
    );
    await expect(inspectModel(build(), { engine, layers: ['third'] })).rejects.toThrow(/no layer "third"/);
  });
});

describe('what is written', () => {
  test('one page that needs nothing else, in which names are no markup, and every picture has a sentence', async () => {
    const page = await inspectPage(found, { madeBy: 'a test' });
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    expect(page).not.toContain('<b>other</b>');
    expect(page).toContain('photo &lt;');
    const pictures = [...page.matchAll(/<img [^>]*alt="([^"]*)"/g)];
    expect(pictures.length).toBeGreaterThan(6);
    for (const [, alt] of pictures) expect(alt).toMatch(/\.$/);
    const unescaped = page
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'");
    const missing = sentencesOf(found).filter((sentence) => !unescaped.includes(sentence));
    expect(missing).toEqual([]);
  });

  test('pictures as PNG, numbers as JSON without pixels', async () => {
    const files = await inspectFiles(found);
    const names = files.map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(['index.html', 'inspection.json']);
    expect(names).toContain('filters-first.png');
    expect(names).toContain('filters-second.png');
    expect(names).toContain('activations-end.png');
    for (const { name, data } of files) {
      if (name.endsWith('.png')) expect(Array.from((data as Uint8Array).subarray(1, 4))).toEqual([80, 78, 71]);
    }
    const numbers = JSON.parse(files[1]?.data as string) as Record<string, unknown[]>;
    expect(numbers).toMatchObject({ model: 'small', photos: { count: N } });
    expect(JSON.stringify(inspectionJson(found))).not.toContain('"pixels":{');
    expect(numbers.units).toHaveLength(found.units.length);
  });
});
