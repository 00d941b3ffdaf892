import { htmlTable } from '../../draw/htmlTable.js';
import { html, type Markup } from '../../draw/markup.js';
import type { Advice } from '../../report/coach/finding.js';

/** A finding with its evidence and the next step. */
export function adviceBody({ sentence, evidence, steps, others, reason }: Advice, command: string | undefined): Markup {
  const [next, ...later] = steps;
  return html`<p class="note"><strong>${sentence}</strong></p>${htmlTable({
    caption: 'The evidence, with 95 % intervals.',
    columns: [{ label: 'what' }, { label: 'figure' }],
    rows: evidence.map(({ what, text }) => [what, text]),
  })}<p><strong>Next step:</strong> ${next.what}</p>${command !== undefined && html`<pre>${command}</pre>`}${
    later.length > 0 &&
    html`<p>After that: ${later.map(({ what }) => what.replace(/^More examples.*those that there are: /, '')).join(' ')}</p>`
  }${others.length > 0 && html`<p>Also found: ${others.map((one) => one.sentence).join(' ')}</p>`}<p class="muted">The reason: ${reason} in Fovea’s documentation.</p>`;
}
