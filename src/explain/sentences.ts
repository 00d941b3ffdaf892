import type { Controls } from './evidence/controls.js';
import type { CoverCheck } from './evidence/coverCheck.js';
import type { Explanation } from './explainPhoto.js';
import type { FillKind } from './fill.js';
import type { Attribution, AttributionMethod } from './maps/attribution.js';
import type { ClassMap } from './maps/classMap.js';
import type { IntegratedGradients } from './maps/gradients.js';
import type { Occlusion } from './maps/occlusion.js';
import { placeText } from './place.js';

/** What a class is called. */
export type ClassNamer = (index: number) => string;

/** What each method is called, and what its map says. */
export const methodTexts: { readonly [K in AttributionMethod]: { readonly title: string; readonly says: string } } = {
  hiResCam: {
    title: 'HiResCAM',
    says: 'what each cell of a layer adds to the margin: how active its channels are there, times how much they count there',
  },
  gradCam: {
    title: 'Grad-CAM',
    says: 'how active the channels of a layer are at each cell, times how much each counts on average; what speaks against the class is left out',
  },
  layerCam: {
    title: 'LayerCAM',
    says: 'what each cell of a layer adds to the margin by those channels alone that speak for the class there',
  },
  saliency: { title: 'Gradient', says: 'how much a small change of each pixel would change the margin' },
  smoothGrad: { title: 'SmoothGrad', says: 'the gradient, averaged over noisy copies of the photo' },
  integratedGradients: {
    title: 'Integrated gradients',
    says: 'what each pixel adds on the way from a picture with nothing in it to the photo',
  },
  guided: { title: 'Guided backpropagation', says: 'which pixels the network picked up, not why it chose a class' },
  deconvnet: { title: 'Deconvnet', says: 'which pixels the network picked up, not why it chose a class' },
  occlusion: { title: 'Occlusion', says: 'by how much the probability falls when a square covers each place' },
};

/** What stands for nothing. */
export const baselineTexts: { readonly [K in FillKind]: string } = {
  black: 'black',
  mean: "the photo's mean color",
  blur: 'the photo out of focus',
};

/** Why there is no verdict beside occlusion. */
export const occlusionNote =
  'No controls: occlusion is itself a measurement of this network, so randomized weights and displaced maps say nothing of it. What covers is a patch that no photo has, and part of an effect may come from that; another fill shows how much.';

/** What the network says of the photo. */
export function scoreSentence({ scores, class: index, over, margin }: Explanation, name: ClassNamer): string {
  const { order, probabilities } = scores;
  const p = (at: number): string => percent(probabilities[at] as number);
  const best = order[0] as number;
  const asked = index === best ? '' : ` Asked about is ${name(index)} (${p(index)}).`;
  const between = `The margin of ${name(index)} over ${name(over)} (${p(over)}) is ${fixed(margin)}, the difference of their logits.`;
  return `The network says ${name(best)} (${p(best)}).${asked} ${between}`;
}

/** What a map shows, from the same numbers. */
export function mapSentence(map: Attribution | ClassMap | Occlusion | IntegratedGradients, name: ClassNamer): string {
  const { method, values, height, width, range, target } = map;
  const about =
    target.kind === 'margin'
      ? `${name(target.class)} rather than ${name(target.over)}`
      : 'class' in target
        ? name(target.class)
        : `channel ${target.channel}`;
  if (method === 'saliency' || method === 'smoothGrad' || method === 'guided' || method === 'deconvnet') {
    // A signal has a size and no side: it is neither for a class nor against it.
    if (range.max <= 0) return 'No signal comes back to the photo: the map is empty.';
    const what =
      method === 'guided' || method === 'deconvnet' ? 'The signal' : `The effect on ${about} of a small change`;
    return `${what} is largest ${placeOf(map, values.indexOf(range.max))}, ${fixed(range.max)}.`;
  }
  if (range.max <= 0) {
    return range.min === 0
      ? `Nothing in the photo speaks for ${about}: the map is empty.`
      : `Nothing in the photo speaks for ${about}; all evidence is against it.`;
  }
  const parts = [`Strongest for ${about} ${placeOf(map, values.indexOf(range.max))}, ${fixed(range.max)}`];
  if (map.signed) {
    let [positive, negative] = [0, 0];
    for (const value of values) {
      if (value > 0) positive += value;
      else negative -= value;
    }
    if (negative > 0) {
      const against = placeOf(map, values.indexOf(range.min));
      parts.push(
        `strongest against it ${against}, ${fixed(range.min)}; ${percent(negative / (positive + negative))} of all evidence is against`,
      );
    }
  }
  const cells =
    map.place === 'input' ? '' : ` ${height} × ${width} cells of ${placeText(map.place)}: no finer than that.`;
  return `${parts.join('; ')}.${cells}${sumSentence(map)}`;
}

function sumSentence(map: Attribution | ClassMap | Occlusion | IntegratedGradients): string {
  if ('linearHead' in map && map.method === 'hiResCam') {
    const { sum, bias, targetValue, residual, linearHead } = map;
    const start = ` The cells add up to ${fixed(sum)}`;
    if (linearHead && bias !== undefined) {
      return `${start}; with the difference of the biases, ${fixed(bias)}, that is the margin, ${fixed(targetValue)}.`;
    }
    return `${start} of the margin of ${fixed(targetValue)}; ${fixed(residual + (bias ?? 0))} cannot be said where it comes from, for the layers above are not linear.`;
  }
  if ('difference' in map) {
    const { sum, difference, residual } = map;
    const share = difference === 0 ? 0 : Math.abs(residual / difference);
    return ` The pixels add up to ${fixed(sum)} of ${fixed(difference)}, the difference from the baseline, ${baselineTexts[map.parameters.baseline as FillKind] ?? map.parameters.baseline} (${percent(share)} missed).`;
  }
  if ('coarse' in map) {
    const { coarse, fine, probability, label } = map;
    const all = [...coarse, ...fine];
    const worst = all.reduce((a, b) => (b.logOdds < a.logOdds ? b : a), all[0] as (typeof all)[number]);
    const changed = all.filter((one) => one.label !== label).length;
    return ` Of ${all.length} squares the worst takes ${percent(probability)} to ${percent(worst.probability)}; ${changed === 0 ? 'none changes the answer' : `${changed} change the answer`}.`;
  }
  return '';
}

/** What covering the place that a map points to did. */
export function coverSentence(check: CoverCheck, name: ClassNamer): string {
  const { share, probability, covered, change, randomMean, randomDeviation, masks, verdict, kept } = check;
  if (verdict === 'nothing') return 'The map points to no place, so there is nothing to cover.';
  const facts = `Covering the ${percent(share, 0)} of the photo that the map points to takes ${name(check.class)} from ${percent(probability)} to ${percent(covered)} (${points(change)}); ${masks} random places of the same area and smoothness: ${points(randomMean).replace(' points', '')} ± ${points(randomDeviation).slice(1)}.`;
  const said = {
    supported: 'The map found what the answer hangs on.',
    chance:
      'That lies within two standard deviations of chance: not enough to say that the map found what the answer hangs on.',
    opposed: 'Covering other places hurts more: the map points away from what the answer hangs on.',
  }[verdict];
  return `${facts} ${said} That place alone gives ${percent(kept)}.`;
}

/** Whether maps of this method tell something of this network, with the photos that were measured. */
export function controlSentence(controls: Controls): string {
  return `${controlVerdict(controls)}: ${controlFacts(controls)}`;
}

/** What the controls come to, without the numbers. */
export function controlVerdict({ weights, edges, verdict, photos }: Controls): string {
  return {
    passed: `Controls passed in this network, with these ${photos} photos`,
    failed:
      weights.passed && edges.passed
        ? `Controls not all passed in this network, with these ${photos} photos: they do not show that such a map finds more than a displaced one`
        : `Controls failed in this network, with these ${photos} photos: do not read maps of this method as a reason`,
    tooFew: `Controls: too few photos to tell, only ${photos} ${photos === 1 ? 'photo' : 'photos'}`,
  }[verdict];
}

/** What each control measured. */
export function controlFacts({ weights, edges, chance, verdict }: Controls): string {
  const mark = (one: { readonly passed: boolean }): string => (one.passed ? '✓' : '✗');
  const displaced =
    chance.value === undefined
      ? `against the same map displaced: too few (${fixed(chance.difference)} nats)`
      : `better than the same map displaced ${mark(chance)} (${fixed(chance.value)} standard errors over the photos)`;
  const facts = `changes with the weights ${mark(weights)} (correlation ${fixed(weights.value)} with the top layers random), more than edges ${mark(edges)} (${fixed(edges.value)}), ${displaced}`;
  const caution = verdict === 'failed' ? '' : ' Passing finds no fault; it does not prove a map right.';
  return `${facts}.${caution}`;
}

/** Which training photos are most like this one, by the names of their classes, which a folder may number otherwise. */
export function neighborSentence(
  found: readonly { readonly label: string; readonly similarity: number }[],
  className: string,
): string {
  const same = found.filter(({ label }) => label === className).length;
  const [first] = found;
  if (first === undefined) return 'There are no training photos to compare with.';
  const copy = first.similarity > 0.9999 ? ', the photo itself or a copy of it' : '';
  const nearest = `the nearest is ${first.label}, cosine ${fixed(first.similarity)}${copy}`;
  return `Of the ${found.length} training photos most like this one, ${same} ${same === 1 ? 'is' : 'are'} ${className}; ${nearest}.`;
}

/** Where on a photo a cell of a map lies, in words. */
function placeOf({ height, width }: Attribution, cell: number): string {
  return placeName((Math.floor(cell / width) + 0.5) / height, ((cell % width) + 0.5) / width);
}

/** Where on a photo, in words: y and x from 0 to 1. */
export function placeName(y: number, x: number): string {
  const [row, column] = [y, x].map((at) => Math.min(2, Math.floor(3 * at))) as [number, number];
  const names = [
    ['at the upper left', 'at the top', 'at the upper right'],
    ['at the left', 'in the middle', 'at the right'],
    ['at the lower left', 'at the bottom', 'at the lower right'],
  ];
  return names[row]?.[column] ?? '';
}

function percent(share: number, digits = 1): string {
  if (digits > 0 && share > 0 && share < 0.0005) return 'less than 0.05 %';
  return `${(100 * share).toFixed(share > 0.9995 && share < 1 ? 2 : digits)} %`;
}

function points(change: number): string {
  return `${change < 0 ? '−' : '+'}${(100 * Math.abs(change)).toFixed(1)} points`;
}

function fixed(value: number): string {
  const text = Math.abs(value) >= 0.01 || value === 0 ? Math.abs(value).toFixed(2) : Math.abs(value).toPrecision(2);
  return value < 0 ? `−${text}` : text;
}
