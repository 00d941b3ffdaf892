import { html, type MarkupPart, rawMarkup } from './markup.js';
import { pageStyle } from './pageStyle.js';

export interface PageSection {
  /** What an address after # names it by; made from the title by default. */
  readonly id?: string;
  readonly title: string;
  readonly body: MarkupPart;
}

export interface PageOptions {
  readonly title: string;
  /** What the page says, in a sentence or two, for those who read no further. */
  readonly intro?: MarkupPart;
  readonly sections: readonly PageSection[];
  /** What made the page and from what. */
  readonly footer?: MarkupPart;
  /** A script of the program's own for comforts; the page says all it has to say without. Never put data of others into it. */
  readonly script?: string;
}

/**
 * A whole page in one text that needs no other file, no network and no script, for light, dark, paper and phone. Its policy
 * (Content-Security-Policy) lets it load nothing from anywhere.
 */
export function htmlPage({ title, intro, sections, footer, script }: PageOptions): string {
  const ids = uniqueIds(sections);
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'${
    script === undefined ? '' : "; script-src 'unsafe-inline'"
  }; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${rawMarkup(policy)}"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${rawMarkup(pageStyle)}</style></head>
<body><header><h1>${title}</h1>${intro !== undefined && html`<p class="lead">${intro}</p>`}${
    sections.length > 2 &&
    html`<nav aria-label="Sections"><ul>${sections.map(
      (section, i) => html`<li><a href="#${ids[i]}">${section.title}</a></li>`,
    )}</ul></nav>`
  }</header>
<main>${sections.map(
    (
      section,
      i,
    ) => html`<section id="${ids[i]}" aria-labelledby="${ids[i]}-title"><h2 id="${ids[i]}-title">${section.title}</h2>
${section.body}</section>
`,
  )}</main>
${footer !== undefined && html`<footer>${footer}</footer>`}${
  script !== undefined && html`<script>${rawMarkup(script.replace(/<\/(script)/gi, '<\\/$1'))}</script>`
}</body></html>
`;
  return page.text;
}

function uniqueIds(sections: readonly PageSection[]): string[] {
  const used = new Set<string>();
  return sections.map(({ id, title }) => {
    const name =
      id ??
      (title
        .toLowerCase()
        .match(/[a-z0-9]+/g)
        ?.join('-') ||
        'section');
    let unique = name;
    for (let i = 2; used.has(unique); i++) unique = `${name}-${i}`;
    used.add(unique);
    return unique;
  });
}
