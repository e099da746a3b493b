import { readFileSync } from 'node:fs'

/** One file of the console. */
interface ConsoleFile {
  /** Below /console/; '' is the page itself. */
  readonly path: string
  readonly contentType: string
  readonly body: string
}

const FILES: ReadonlyArray<readonly [path: string, file: string, contentType: string]> = [
  ['', 'index.html', 'text/html; charset=utf-8'],
  ['console.css', 'console.css', 'text/css; charset=utf-8'],
  ...['console.js', 'api.js', 'dom.js', 'sandbox-pages.js', 'operator-pages.js'].map((file): [string, string, string] => [file, file, 'text/javascript; charset=utf-8']),
]

/** Reads the console's files, once, at start. They are static: no build, no template, no secret in them. */
export function consoleFiles (): readonly ConsoleFile[] {
  return FILES.map(([path, file, contentType]) => ({ path, contentType, body: readFileSync(new URL(file, import.meta.url), 'utf8') }))
}
