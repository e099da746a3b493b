import t from 'tap'
import { isOverlapping } from '../../../config/validation/judge-cidr.ts'
import { judgeMeaning } from '../../../config/validation/judge-meaning.ts'
import type { Meaning } from '../../../config/schema/fields.ts'

function isAccepted (meaning: Meaning, value: string): boolean {
  return judgeMeaning({ type: 'string', 'x-means': meaning }, value) === undefined
}

const REFUSED: { readonly [M in Meaning]?: readonly string[] } = {
  duration: ['', '5', 's', '5 s', '-5s', '1.5h', '5S', '5sec', '9999999999999s', '999999999999d'],
  cidr: ['', '10.0.0.0', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/-1', '10.0.0.0/8/8', '010.0.0.0/8', '10.0.0/8', 'fe80::%eth0/64', '::/129', '::1/127', 'x/8', '10.0.0.0/8 '],
  host: ['', 'a b', 'http://a', 'a:1', '[::1]', '-a', 'a-', 'a..b', 'a.', '1.2.3', '256.1.1.1', 'a_b', 'ä.example', `${'a'.repeat(64)}.example`],
  url: ['', 'a', '/a', 'ftp://a', 'https://', 'https://a#b', 'https://u@a', 'https://a b'],
  issuer: ['http://a', 'https://a/?x', 'https://a/b#c', 'https://a?b', 'https://a#b', 'https://A', 'https://a:443', 'https://u:p@a'],
  origin: ['a:1', 'https://a/', 'ftp://a', 'http://a:80', 'https://u@a'],
  'redirect-uri': ['/cb', 'https://a#b', 'http://a/cb', 'javascript:x', 'data:text/html,x', 'http://127.evil.example/cb'],
  path: ['', '/', 'a', '/a/', '//a', '/a//b', '/a/./b', '/a/../b', '/..', '/a?b', '/a#b', '/a%2fb', '/a b', '/a/{id}', '/a\\b', '/*'],
  'pointer-pattern': ['', '/a~', '/a~2', 'a/b'],
  scope: ['', 'a b', 'a"b', 'a\\b', 'ä', 'a\n'],
  'header-name': ['', 'A', 'a b', 'a:', 'a\r\nb'],
  'card-number': ['', '4242', '4242 4242 4242 4242', '42424242424242424242', 'x424242424242424']
}

const ACCEPTED: { readonly [M in Meaning]?: readonly string[] } = {
  duration: ['1ms', '30s', '60m', '12h', '7d', '0s'],
  cidr: ['0.0.0.0/0', '10.0.0.0/8', '192.0.2.1/32', '172.16.0.0/12', '::/0', 'fd00::/8', '::1/128', '2001:db8::/33', '::ffff:10.0.0.0/104'],
  host: ['localhost', 'a.example', 'xn--mnchen-3ya.example', '127.0.0.1', '::', '::1', '0.0.0.0', '1a.example'],
  url: ['https://a', 'https://a/b?c', 'http://127.0.0.1:1'],
  issuer: ['https://a', 'https://a:8443', 'https://[::1]:8443'],
  origin: ['http://127.0.0.1:4000', 'https://a'],
  'redirect-uri': ['https://a/cb', 'http://127.0.0.1:7777/callback', 'http://localhost/cb', 'http://[::1]:1/cb', 'com.example.app:/cb'],
  path: ['/a', '/a/b', '/a-b/c.d/~e', '/.well-known'],
  'pointer-pattern': ['/a', '/**/password', '/a/*/b', '/a~1b/~0'],
  scope: ['openid', 'payments:read', 'https://a/b'],
  'header-name': ['client-cert', 'x-1'],
  'card-number': ['4242424242424242', '378282246310005']
}

for (const [meaning, values] of Object.entries(REFUSED)) {
  t.test(`a ${meaning} that is none is refused`, async (t) => {
    for (const value of values) t.notOk(isAccepted(meaning as Meaning, value), JSON.stringify(value))
  })
}

for (const [meaning, values] of Object.entries(ACCEPTED)) {
  t.test(`a ${meaning} is accepted`, async (t) => {
    for (const value of values) t.ok(isAccepted(meaning as Meaning, value), JSON.stringify(value))
  })
}

t.test('networks overlap when one holds the other, and never across families', async (t) => {
  t.ok(isOverlapping('10.0.0.0/8', '10.1.0.0/16'))
  t.ok(isOverlapping('10.1.0.0/16', '0.0.0.0/0'))
  t.ok(isOverlapping('fd00::/8', 'fd00:1::/32'))
  t.notOk(isOverlapping('10.0.0.0/9', '10.128.0.0/9'))
  t.notOk(isOverlapping('0.0.0.0/0', '::/0'))
})
