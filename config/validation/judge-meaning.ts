import { isIP } from 'node:net'
import { parseDurationMs } from '../../kernel/index.ts'
import type { Meaning } from '../schema/fields.ts'
import { judgeCidr } from './judge-cidr.ts'
import { judgeIssuer, judgeOrigin, judgeRedirectUri, judgeUrl } from './judge-url.ts'
import type { SchemaNode } from './schema-node.ts'

/** What is wrong with a text that has a meaning. */
export interface Misfit {
  readonly expected: string
  readonly hint: string
}

/** Checks a text against what it means; undefined when it is right, or when it is empty and empty is the default. */
export function judgeMeaning (schema: SchemaNode, value: string): Misfit | undefined {
  const meaning = schema['x-means']
  if (meaning === undefined || (value === '' && schema.default === '')) return undefined
  const hint = JUDGES[meaning](value, schema)
  return hint === undefined ? undefined : { expected: EXPECTED[meaning](schema), hint }
}

/** Says what a text with a meaning looks like. */
export function meaningExpected (schema: SchemaNode): string | undefined {
  const meaning = schema['x-means']
  return meaning === undefined ? undefined : EXPECTED[meaning](schema)
}

const EXPECTED: { readonly [M in Meaning]: (schema: SchemaNode) => string } = {
  duration: (schema) => {
    const minimum = schema['x-minimum-ms'] ?? 0
    const atLeast = minimum > 1 ? `, at least ${minimum % 1000 === 0 ? `${minimum / 1000}s` : `${minimum}ms`}` : ''
    return `a duration: a whole number and one of ms, s, m, h, d, such as 30s${atLeast}${schema['x-maximum-ms'] === undefined ? '' : ', at most 24d'}`
  },
  secret: (schema) => schema['x-minimum-length'] === undefined ? 'a secret' : `a secret of at least ${schema['x-minimum-length']} characters`,
  file: () => 'the path of a file',
  directory: () => 'the path of a directory',
  'working-directory': () => 'the path of a directory',
  cidr: () => 'a network as a CIDR, such as 10.0.0.0/8 or fd00::/8',
  host: () => 'a host name or an IP address',
  url: () => 'an absolute http or https URL without a fragment',
  issuer: () => 'an https URL without query and fragment, such as https://auth.example.com (RFC 8414 §2)',
  origin: () => 'an http or https URL without path, query and fragment, such as https://api.example.com:8443',
  'redirect-uri': () => 'an absolute URI without a fragment (RFC 6749 §3.1.2)',
  path: () => 'a path such as /ledger/v1, without a slash at its end',
  'pointer-pattern': () => 'a JSON Pointer such as /customer/email, with * and ** as wildcards (RFC 6901)',
  scope: () => 'a scope of printable ASCII characters without space, " and \\ (RFC 6749 §3.3)',
  'header-name': () => 'the name of an HTTP header in lower case',
  'card-number': () => 'a card number of 12 to 19 digits, in quotes'
}

/** Each judge returns a hint, possibly empty, for what is wrong, and undefined for what is right. */
const JUDGES: { readonly [M in Meaning]: (value: string, schema: SchemaNode) => string | undefined } = {
  duration: judgeDuration,
  secret: (value, schema) => value.length >= (schema['x-minimum-length'] ?? 1) ? undefined : 'Make one with: openssl rand -base64 32',
  file: judgeFilePath,
  directory: judgeFilePath,
  'working-directory': judgeFilePath,
  cidr: judgeCidr,
  host: judgeHost,
  url: judgeUrl,
  issuer: judgeIssuer,
  origin: (value) => judgeOrigin(value, ['https:', 'http:']),
  'redirect-uri': judgeRedirectUri,
  path: judgePath,
  'pointer-pattern': (value) => /^(\/([^~/]|~[01])*)+$/u.test(value) ? undefined : value.startsWith('/') ? 'Write ~ as ~0 and / within a name as ~1.' : 'Start it with a slash.',
  scope: (value) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value) ? undefined : 'One scope an entry.',
  'header-name': (value) => /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(value) ? undefined : value !== value.toLowerCase() ? `Write ${value.toLowerCase()}.` : '',
  'card-number': (value) => /^\d{12,19}$/.test(value) ? undefined : 'Leave out spaces and dashes.'
}

function judgeDuration (value: string, schema: SchemaNode): string | undefined {
  const ms = parseDurationMs(value)
  if (ms === undefined) return durationHint(value)
  if (ms < (schema['x-minimum-ms'] ?? 0)) return 'It is too short.'
  return ms > (schema['x-maximum-ms'] ?? Infinity) ? 'It is too long.' : undefined
}

const UNIT_WORDS: { readonly [word: string]: string } = { sec: 's', second: 's', seconds: 's', min: 'm', minute: 'm', minutes: 'm', hour: 'h', hours: 'h', hr: 'h', day: 'd', days: 'd', millis: 'ms', milliseconds: 'ms' }

function durationHint (value: string): string {
  const match = /^\s*(\d{1,12})\s*([a-z]*)\s*$/i.exec(value)
  const unit = match?.[2]?.toLowerCase() ?? ''
  if (match === null) return ''
  if (unit === '') return `Add the unit: ${match[1] ?? ''}s or ${match[1] ?? ''}ms.`
  const known = UNIT_WORDS[unit] ?? (/^(ms|s|m|h|d)$/.test(unit) ? unit : undefined)
  if (unit === 'w' || unit === 'week' || unit === 'weeks') return `Write ${Number(match[1]) * 7}d.`
  return known === undefined ? '' : `Write ${match[1] ?? ''}${known}.`
}

function judgeFilePath (value: string): string | undefined {
  if (value === '') return 'It must not be empty.'
  return value.includes('\0') ? 'It holds a NUL character.' : undefined
}

function judgeHost (value: string): string | undefined {
  if (isIP(value) !== 0) return undefined
  if (/^\[.*\]$/.test(value)) return 'Write the IPv6 address without brackets.'
  if (value.includes('://')) return 'Leave out the scheme.'
  if (/:\d+$/.test(value)) return 'Leave out the port; it has a key of its own.'
  const isName = value.length <= 253 && /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*$/.test(value)
  if (!isName) return ''
  return /^[\d.]+$/.test(value) ? 'An IPv4 address has four numbers from 0 to 255.' : undefined
}

function judgePath (value: string): string | undefined {
  if (!value.startsWith('/')) return 'Start it with a slash.'
  if (value === '/') return 'The whole host would be taken: name a path under it.'
  if (value.endsWith('/')) return `Write ${value.replace(/\/+$/, '')}.`
  if (/\/\.{0,2}(\/|$)/.test(value)) return 'Empty, . and .. segments are not accepted.'
  return /^(\/[A-Za-z0-9._~!$&'()+,;=:@-]+)+$/.test(value) ? undefined : 'Wildcards, parameters, queries and encoded characters are not accepted.'
}
