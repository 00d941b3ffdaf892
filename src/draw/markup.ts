/** HTML or SVG that is safe to put into a page: made by {@link html} or {@link rawMarkup}; turns into a string by itself. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What {@link html} takes in its gaps. Nothing stands for undefined, null and false; parts of a list follow each other. */
export type MarkupPart = Markup | string | number | false | null | undefined | readonly MarkupPart[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** The text with the five signs escaped that mean something in HTML, so that it stands for itself, in attributes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ESCAPES[sign] as string);
}

/** A piece of HTML or SVG: a tagged template that escapes all that is put into it, except other pieces. */
export function html(strings: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  return new Markup(strings.reduce((text, string, i) => text + partText(parts[i - 1]) + string));
}

/** Trusts a text to be markup. Only for what a program wrote itself: names of files and classes may hold anything. */
export function rawMarkup(text: string): Markup {
  return new Markup(text);
}

function partText(part: MarkupPart): string {
  if (part === undefined || part === null || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(partText).join('');
  return escapeHtml(String(part));
}
