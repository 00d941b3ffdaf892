import { htmlTable } from '../../draw/htmlTable.js';
import { lineChart } from '../../draw/lineChart.js';
import { html, type Markup } from '../../draw/markup.js';
import type { Calibration } from '../../report/calibration.js';
import { bounds, commas, percent } from './reportText.js';

/** A reliability diagram with the number of examples in each bin, the calibration error and the temperature. */
export function calibrationBody({ bins, ece, eceInterval, temperature, temperatureInterval }: Calibration): Markup {
  const filled = bins.filter(({ examples }) => examples > 0);
  const { low, high } = temperatureInterval;
  const verdict =
    low > 1
      ? 'The network is too sure of itself: its probabilities should be taken with a grain of salt.'
      : high < 1
        ? 'The network is not sure enough of itself: it is right more often than it says.'
        : 'Nothing speaks against its probabilities: the interval of the temperature has 1 in it.';
  const sentence = `Where the line is below the diagonal, the network is right less often than it says. ${verdict}`;
  const chart = lineChart({
    ...{ title: 'Reliability', sentence, width: 520 },
    x: { label: 'probability of the class that was chosen', min: 0, max: 1 },
    y: { label: 'share right, with 95 % interval', min: 0, max: 1 },
    series: [
      {
        name: 'measured',
        points: filled.map(({ confidence, accuracy }) => [confidence, accuracy] as const),
        band: filled.map(({ interval }) => [interval.low, interval.high] as const),
      },
      { name: 'as it says', points: [[0, 0] as const, [1, 1] as const] },
    ],
  });
  return html`<p>Expected calibration error ${percent(ece)} (${bounds(eceInterval)}); temperature that fits best ${temperature.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)}). ${verdict}</p>
<figure>${chart}<figcaption>${sentence}</figcaption></figure>${htmlTable({
    columns: [
      { label: 'probability' },
      ...['examples', 'mean probability', 'right', '95 %'].map((label) => ({ label, numeric: true })),
    ],
    rows: filled.map(({ from, to, examples, confidence, accuracy, interval }) => [
      ...[`${from.toFixed(1)} to ${to.toFixed(1)}`, commas(examples), percent(confidence), percent(accuracy)],
      bounds(interval),
    ]),
  })}`;
}
