import { dataUri } from '../../draw/figure.js';
import { html, type Markup } from '../../draw/markup.js';
import type { Seen } from '../../report/views.js';
import { percent } from './reportText.js';

/** A picture as the bytes of a file. */
export interface Picture {
  readonly bytes: Uint8Array;
  readonly type: 'image/png' | 'image/jpeg';
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** Few pixels, to be kept sharp. @default false */
  readonly pixelated?: boolean;
}

/** Width at which pictures are shown, in CSS pixels; the frame around one has padding too. */
const SHOWN = 112;

/** Pictures of examples with what was made of them. */
export class PictureShelf {
  readonly #classNames: readonly string[];
  readonly #picture: ((index: number) => Promise<Picture | undefined>) | undefined;

  constructor(classNames: readonly string[], picture: ((index: number) => Promise<Picture | undefined>) | undefined) {
    this.#classNames = classNames;
    this.#picture = picture;
  }

  /** Examples beside each other: right ones with a tick, wrong ones with a cross and what they are. */
  async row(examples: readonly Seen[]): Promise<Markup> {
    const cards: Markup[] = [];
    for (const one of examples) cards.push(await this.#card(one));
    return html`<div class="row">${cards}</div>`;
  }

  async #card({ index, name, truth, predicted, probability, truthProbability }: Seen): Promise<Markup> {
    const [isA, taken] = [this.#classNames[truth] ?? `${truth}`, this.#classNames[predicted] ?? `${predicted}`];
    const right = truth === predicted;
    const said = right
      ? html`<strong>✓ ${taken}</strong> ${percent(probability)}`
      : html`<strong>✗ ${taken}</strong> ${percent(probability)}<br>is ${isA} ${percent(truthProbability)}`;
    const called = name ?? `number ${index}`;
    const alt = `${called}: ${right ? `${taken}, rightly` : `taken for ${taken}, is ${isA}`}`;
    return html`<figure style="flex:0 0 ${SHOWN + 28}px">${await this.#image(index, alt)}<figcaption>${said}<br><small class="muted">${called}</small></figcaption></figure>`;
  }

  async #image(index: number, alt: string): Promise<Markup | undefined> {
    const picture = await this.#picture?.(index);
    if (picture === undefined) return undefined;
    const { bytes, type, width, height, pixelated } = picture;
    const shown = Math.round((SHOWN * height) / width);
    return html`<img src="${dataUri(bytes, type)}" alt="${alt}" width="${SHOWN}" height="${shown}"${pixelated === true && html` class="pixelated"`}>`;
  }
}
