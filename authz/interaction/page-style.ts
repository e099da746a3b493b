const FALLBACK_COLOUR = '#1f4ed8'

/** The one style sheet of the pages, in the brand's colour, with black or white text on it, whichever has more contrast. */
export function pageStyle (brandColour: string): string {
  const colour = /^#[0-9a-fA-F]{6}$/.test(brandColour) ? brandColour : FALLBACK_COLOUR
  const ink = inkOn(colour)
  return `body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:#1a1a1a;background:#f4f4f5}
header{padding:.75rem 1rem;background:${colour};color:${ink}}
.brand{font-weight:600;font-size:1.125rem}
.sandbox{margin-left:.5rem;padding:.125rem .5rem;border-radius:.25rem;background:#ffd400;color:#1a1a1a;text-transform:uppercase;font-size:.875rem}
main{max-width:30rem;margin:2rem auto;padding:1.5rem;background:#fff;border:1px solid #d4d4d8;border-radius:.5rem;overflow-wrap:anywhere}
h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.25}
ul.choices{list-style:none;margin:0;padding:0}
button{width:100%;margin:.25rem 0;padding:.75rem 1rem;border:2px solid ${colour};border-radius:.375rem;background:${colour};color:${ink};font:inherit;text-align:left;cursor:pointer}
button.quiet{background:#fff;color:#1a1a1a;border-color:#71717a}
button:focus-visible{outline:3px solid #1a1a1a;outline-offset:2px}
.name{display:block;font-weight:600}
.hint{font-size:.875rem}
p.hint{color:#52525b}
.decision{display:flex;gap:.75rem}
.decision button{text-align:center}
footer{max-width:30rem;margin:0 auto 2rem;padding:0 1.5rem;font-size:.875rem;color:#52525b}
`
}

/** By relative luminance (WCAG 2.2): above 0.179 black text has the higher contrast. */
function inkOn (colour: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => linear(Number.parseInt(colour.slice(at, at + 2), 16) / 255))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#1a1a1a' : '#ffffff'
}

function linear (channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
}
