import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createPages } from '../../authz/interaction/pages/pages.ts'
import { readBrand } from '../../gateway/read-brand.ts'

const brand = (logoFile: string) => ({ name: 'Example', colour: '#112233', logoFile })

t.test('a logo of another kind, one that is too large and one that is not there are refused at start, by the key', (t) => {
  const directory = t.testdir({ 'logo.gif': 'GIF89a', 'page.html': '<script>' })
  writeFileSync(join(directory, 'large.png'), Buffer.alloc(65_537))
  for (const file of ['logo.gif', 'page.html', 'large.png']) t.throws(() => readBrand(brand(join(directory, file))), /profile\.brand\.logo_file/, file)
  t.throws(() => readBrand(brand(join(directory, 'missing.png'))))
  t.end()
})

t.test('a logo travels in the page, and its policy admits nothing else', (t) => {
  const directory = t.testdir({ 'logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>' })
  const { body, headers } = createPages(readBrand(brand(join(directory, 'logo.svg')))).failure(400, 'a', 'b')
  t.match(body, '<img src="data:image/svg+xml;base64,')
  t.match(headers['content-security-policy'], "default-src 'none'")
  t.match(headers['content-security-policy'], 'img-src data:')
  t.notMatch(createPages({ name: 'x', colour: '#112233', logo: 'https://elsewhere.example/logo.png' }).failure(400, 'a', 'b').body, 'elsewhere')
  t.notMatch(createPages(readBrand(brand(''))).failure(400, 'a', 'b').headers['content-security-policy'], 'img-src')
  t.end()
})
