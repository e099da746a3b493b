import { readdirSync } from 'node:fs'
import t from 'tap'
import { consoleFiles } from '../../console/index.ts'

const files = consoleFiles()
const page = files.find(({ path }) => path === '')?.body ?? ''

t.test('a policy that allows no inline code or style breaks nothing: the page has none', async (t) => {
  t.notMatch(page, /<script(?![^>]*\bsrc=)[^>]*>/)
  t.notMatch(page, /<style|\sstyle=|\son[a-z]+=|javascript:/)
})

t.test('nothing is ever read as markup or as code', async (t) => {
  for (const { path, body } of files.filter((file) => file.path.endsWith('.js'))) {
    t.notMatch(body, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser|\.style\b|setAttribute\(['"]style/, path)
  }
})

t.test('nothing is fetched from elsewhere', async (t) => {
  for (const { path, body } of files) t.notMatch(body, /https?:\/\/|\/\/[a-z]+\.[a-z]/, path)
})

t.test('the key is kept for the tab only and never enters a URL', async (t) => {
  const code = files.map(({ body }) => body).join('\n')
  t.notMatch(code, /localStorage|document\.cookie|indexedDB/)
  t.match(code, /sessionStorage\.setItem/)
  t.notMatch(code, /[?&](?:key|token)=/)
})

t.test('all that the page and its scripts refer to is served, with its type', async (t) => {
  const served = new Map(files.map(({ path, contentType }) => [path, contentType]))
  const references = files.flatMap(({ body }) => [...body.matchAll(/(?:href|src)="([\w-]+\.(?:css|js))"|from '\.\/([\w-]+\.js)'/g)].map((match) => match[1] ?? match[2] ?? ''))
  t.ok(references.length >= 5)
  for (const reference of references) t.match(served.get(reference), reference.endsWith('.css') ? /^text\/css/ : /^text\/javascript/, reference)
  t.match(served.get(''), /^text\/html; charset=utf-8$/)
})

t.test('no file of the folder is forgotten', async (t) => {
  const onDisk = readdirSync(new URL('../../console/', import.meta.url)).filter((name) => /\.(?:js|css)$/.test(name)).sort()
  t.strictSame(files.map(({ path }) => path).filter((path) => path !== '').sort(), onDisk)
})

t.test('a reader without sight finds a language, a title, landmarks and a live region', async (t) => {
  for (const part of ['<html lang="en">', '<title>', '<main id="content"', 'aria-label="Sections"', 'role="status"', 'class="skip"']) t.ok(page.includes(part), part)
})
