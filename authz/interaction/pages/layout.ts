import { createHash } from 'node:crypto'
import type { Brand } from '../../authorization-profile.ts'
import { html, type SafeHtml } from './html.ts'
import { pageStyle } from './page-style.ts'

/** A page ready to send. */
export interface Page { readonly status: number, readonly headers: Readonly<Record<string, string>>, readonly body: string }

/** Makes a page of its title and content. `script`, where there is one, is admitted by its hash like the style. */
export type Layout = (status: number, title: string, content: SafeHtml, script?: string) => Page

/** A data URL of an image; anything else is left out. */
const LOGO = /^data:image\/(?:png|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}$/

/**
 * The frame of all pages: server-rendered, one style admitted by its hash. `form-action` is left out of the policy on purpose:
 * browsers apply it to every redirect after a form is sent, and the last of those leads to wherever the client's callback sends
 * its user. Nothing on a page is markup from outside, so there is no form to smuggle in.
 */
export function createLayout (brand: Brand): Layout {
  const style = pageStyle(brand.colour)
  const logo = brand.logo !== undefined && LOGO.test(brand.logo) ? brand.logo : undefined
  const policy = `default-src 'none'; style-src ${sourceOf(style)}; ${logo === undefined ? '' : 'img-src data:; '}base-uri 'none'; frame-ancestors 'none'`
  return (status, title, content, script) => ({
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': script === undefined ? policy : `${policy}; script-src ${sourceOf(script)}`,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    },
    body: frame(brand.name, logo, { markup: style }, title, content, script).markup,
  })
}

function sourceOf (inline: string): string {
  return `'sha256-${createHash('sha256').update(inline).digest('base64')}'`
}

function frame (name: string, logo: string | undefined, style: SafeHtml, title: string, content: SafeHtml, script: string | undefined): SafeHtml {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} – ${name} sandbox</title>
<style>${style}</style>
${script === undefined ? undefined : html`<script>${{ markup: script }}</script>`}
</head>
<body>
<aside class="sandbox-banner" aria-label="Sandbox"><strong class="sandbox">Sandbox</strong> Nothing here is real: made-up people, test data, no money.</aside>
<div class="sheet">
<header>${logo === undefined ? undefined : html`<img src="${logo}" alt="">`}<span class="brand">${name}</span></header>
<main>
<h1>${title}</h1>
${content}
</main>
</div>
<footer><p>This is a sandbox of ${name}, not the real service. Never enter a real password or a real code here.</p></footer>
</body>
</html>
`
}
