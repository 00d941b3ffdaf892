import { html, type Markup, type MarkupPart } from './markup.js';

export interface TableColumn {
  readonly label: MarkupPart;
  /** Aligned at the right, with figures of equal width. @default false */
  readonly numeric?: boolean;
}

export interface TableOptions {
  readonly caption?: MarkupPart;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly MarkupPart[])[];
}

/** A table for a page; one that is too wide for a phone scrolls by itself. The first cell of a row is its name. */
export function htmlTable({ caption, columns, rows }: TableOptions): Markup {
  const kind = (i: number) => columns[i]?.numeric === true && html` class="number"`;
  return html`<div class="scroll"><table>${caption !== undefined && html`<caption>${caption}</caption>`}<thead><tr>${columns.map(
    ({ label }, i) => html`<th scope="col"${kind(i)}>${label}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr>${row.map((cell, i) =>
        i === 0 ? html`<th scope="row"${kind(i)}>${cell}</th>` : html`<td${kind(i)}>${cell}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}
