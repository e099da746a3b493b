/** Markup that is safe to send: made by `html` only, from literal templates and escaped values. */
export interface SafeHtml { readonly markup: string }

type Part = string | number | SafeHtml | readonly SafeHtml[] | undefined

/** A template whose values are escaped for text and quoted attributes, unless they are markup made the same way. */
export function html (strings: TemplateStringsArray, ...parts: Part[]): SafeHtml {
  return { markup: strings.reduce((text, literal, index) => text + render(parts[index - 1]) + literal) }
}

function render (part: Part): string {
  if (part === undefined) return ''
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part))
  if ('markup' in part) return part.markup
  return part.map((item) => item.markup).join('')
}

/** Says to everybody, also to those who hear the page, why the last form was not taken. */
export function alertOf (text: string | undefined): SafeHtml | undefined {
  return text === undefined ? undefined : html`<p class="alert" role="alert">${text}</p>\n`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' }

/** Escapes what HTML gives meaning to in text and in quoted attributes. */
export function escapeHtml (text: string): string {
  return text.replaceAll(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '')
}
