const FALLBACK_COLOUR = '#1f4ed8'

/** The one style sheet of the pages, light and dark, in the brand's colour, with black or white text on it, whichever has more contrast. */
export function pageStyle (brandColour: string): string {
  const colour = /^#[0-9a-fA-F]{6}$/.test(brandColour) ? brandColour : FALLBACK_COLOUR
  return `:root{color-scheme:light dark;--brand:${colour};--ink:${inkOn(colour)};${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
${RULES}`
}

const LIGHT = '--text:#18181b;--muted:#52525b;--page:#f1f2f4;--card:#fff;--line:#d4d4d8;--soft:#f6f6f8;--alert:#9f1239;--alert-page:#fff1f2;--alert-line:#fda4af;--focus:#18181b'
const DARK = '--text:#ececf1;--muted:#b4b7c2;--page:#101216;--card:#1a1d23;--line:#3b404b;--soft:#23272f;--alert:#fecdd3;--alert-page:#3b0d1a;--alert-line:#9f1239;--focus:#ececf1'

const RULES = `*{box-sizing:border-box}
body{margin:0;min-height:100vh;font:1rem/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;color:var(--text);background:var(--page)}
.sandbox-banner{padding:.5rem 1rem;background:#ffd400;color:#18181b;text-align:center;font-size:.875rem;border-bottom:.375rem solid;border-image:repeating-linear-gradient(135deg,#18181b 0 .75rem,#ffd400 .75rem 1.5rem) 6}
.sandbox{padding:.0625rem .5rem;margin-right:.25rem;border-radius:.25rem;background:#18181b;color:#ffd400;text-transform:uppercase;letter-spacing:.06em}
.sheet{max-width:30rem;margin:2rem auto;background:var(--card);border:1px solid var(--line);border-radius:.75rem;overflow:hidden;overflow-wrap:anywhere;box-shadow:0 1px 2px rgb(0 0 0/.06),0 .5rem 1.5rem rgb(0 0 0/.08)}
header{display:flex;align-items:center;gap:.75rem;padding:.875rem 1.5rem;background:var(--brand);color:var(--ink)}
header img{display:block;height:2rem;max-width:8rem;object-fit:contain}
.brand{font-weight:600;font-size:1.125rem}
main{padding:1.5rem}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25;letter-spacing:-.01em}
h2{margin:1.5rem 0 .5rem;font-size:.875rem;line-height:1.25;text-transform:uppercase;letter-spacing:.05em;color:var(--muted)}
p{margin:0 0 1rem}
ul{margin:0 0 1rem;padding:0;list-style:none}
code{font:.9375em ui-monospace,SFMono-Regular,Menlo,monospace}
button{font:inherit;cursor:pointer;border-radius:.5rem}
button:focus-visible,input:focus-visible,summary:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.choices button{display:flex;gap:.75rem;align-items:flex-start;width:100%;margin:0 0 .5rem;padding:.625rem .75rem;border:1px solid var(--line);background:var(--card);color:inherit;text-align:left}
.choices button:hover{border-color:var(--brand);background:var(--soft)}
.initial{flex:none;width:2.25rem;height:2.25rem;border-radius:50%;background:var(--brand);color:var(--ink);text-align:center;line-height:2.25rem;font-weight:600}
.name{display:block;font-weight:600;line-height:1.375}
.hint{color:var(--muted);font-size:.875rem}
.choices .hint{display:block}
.trigger{display:block;margin-top:.125rem;font-size:.875rem}
.primary,.quiet{padding:.625rem 1.25rem;border:1px solid var(--brand);background:var(--brand);color:var(--ink);font-weight:600}
.primary:hover{filter:brightness(1.08)}
.quiet{border-color:var(--line);background:var(--card);color:inherit}
.quiet:hover{background:var(--soft)}
.decision{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.25rem}
.decision button{flex:1 1 8rem}
.wide{width:100%}
label{display:block;margin:0 0 .25rem;font-weight:600}
input[type=text],input[type=password]{display:block;width:100%;margin:0 0 1rem;padding:.625rem .75rem;border:1px solid var(--muted);border-radius:.5rem;background:var(--card);color:inherit;font:inherit}
input.code{font:600 1.5rem/1.25 ui-monospace,SFMono-Regular,Menlo,monospace;letter-spacing:.12em;text-transform:uppercase;text-align:center}
.user-code{margin:0 0 1rem;padding:.75rem;border-radius:.5rem;background:var(--soft);border:1px solid var(--line);font:600 1.75rem/1.25 ui-monospace,SFMono-Regular,Menlo,monospace;letter-spacing:.1em;text-align:center}
.alert{margin:0 0 1rem;padding:.625rem .875rem;border:1px solid var(--alert-line);border-radius:.5rem;background:var(--alert-page);color:var(--alert)}
.note{margin:0 0 1rem;padding:.625rem .875rem;border-left:.25rem solid var(--brand);border-radius:.25rem;background:var(--soft)}
.asked{border:1px solid var(--line);border-radius:.5rem;margin:0 0 1rem}
.asked li{padding:.625rem .875rem;border-top:1px solid var(--line)}
.asked li:first-child{border-top:0}
.asked code{display:block;color:var(--muted);font-size:.8125rem}
pre{margin:.375rem 0 0;padding:.625rem;border-radius:.375rem;background:var(--soft);font:.8125rem/1.4 ui-monospace,SFMono-Regular,Menlo,monospace;white-space:pre-wrap}
.or{margin-top:1.5rem;padding-top:1.25rem;border-top:1px solid var(--line)}
summary{cursor:pointer;font-weight:600}
details form{margin-top:1rem}
main>p:last-child{margin-bottom:0}
.abort{margin-top:.75rem}
footer{max-width:30rem;margin:0 auto 2rem;padding:0 1.5rem;font-size:.875rem;color:var(--muted);text-align:center}
@media (max-width:32rem){.sheet{margin:0;border-width:0 0 1px;border-radius:0;box-shadow:none}footer{margin-top:1.5rem}}
@media (forced-colors:active){.sandbox-banner,.sandbox{border:1px solid}}
@media (prefers-reduced-motion:no-preference){button{transition:background-color .12s,border-color .12s,filter .12s}}
`

/** By relative luminance (WCAG 2.2): above 0.179 black text has the higher contrast. */
function inkOn (colour: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => linear(Number.parseInt(colour.slice(at, at + 2), 16) / 255))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#18181b' : '#ffffff'
}

function linear (channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
}
