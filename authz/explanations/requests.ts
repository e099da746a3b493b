import { AUTHENTICATED_ROUTES, type CatalogueEntry } from './catalogue-entry.ts'
import type { FailureFacts } from './failure-facts.ts'
import { show, showAll } from './show.ts'

/** What any endpoint may find wrong with a request: its body, its parameters, its scopes. */
export const REQUESTS: readonly CatalogueEntry[] = [
  {
    code: 'fault_asked_for',
    says: /^the fault (\S+) was asked for/,
    clause: 'RFC 6749 §5.2',
    cause: (_facts, [, id]) => `Nothing is wrong: the sandbox was told to fail here, by the fault ${id ?? ''}.`,
    seen: 'a request that a fault of the sandbox struck',
    expected: 'whatever the client does about this error',
    fix: 'List and end faults with `sandgate faults`; they end by themselves.',
  },
  {
    code: 'parameter_missing',
    error: 'invalid_request',
    says: /^missing required parameter(?:s|\(s\))? \(?(.+?)\)?$/,
    clause: clauseOfEndpoint,
    cause: (_facts, [, names]) => `A required parameter is missing: ${names ?? ''}.`,
    seen: (facts, [, names = '']) => `no ${names}${facts.header('content-type') === undefined && facts.method === 'POST' ? ', and no Content-Type, so the body was not read' : ''}`,
    expected: (_facts, [, names]) => `${names ?? ''}, each once and not empty`,
    fix: (_facts, [, names]) => `Send ${names ?? 'it'}. An empty parameter counts as left out (RFC 6749 §3.1).`,
  },
  {
    code: 'parameter_twice',
    error: 'invalid_request',
    says: /^(.+) parameters? must not be provided twice$/,
    clause: ({ endpoint }) => endpoint === 'authorization' ? 'RFC 6749 §3.1' : 'RFC 6749 §3.2',
    cause: (_facts, [, names]) => `A parameter was sent more than once: ${names ?? ''}.`,
    seen: (_facts, [, names]) => `${names ?? ''} at least twice`,
    expected: 'each parameter once (only resource may be repeated, RFC 8707 §2)',
    fix: 'Send each parameter once; look for one that is in the URL and in the body, or that a library adds.',
    isUnproven: true,
  },
  {
    code: 'body_type_unsupported',
    error: 'invalid_request',
    says: /^only (.+) content-type bodies are supported on /,
    clause: ({ endpoint }) => endpoint.startsWith('client') || endpoint === 'registration' ? 'RFC 7591 §3.1' : 'RFC 6749 §3.2',
    cause: 'The body is of a media type that this endpoint does not read.',
    seen: ({ header }) => `Content-Type ${show(header('content-type'), 80)}`,
    expected: (_facts, [, type]) => `Content-Type ${type ?? ''}`,
    fix: (_facts, [, type]) => `Send the body as ${type ?? 'that'} and say so in Content-Type.`,
    isUnproven: true,
  },
  {
    code: 'body_unreadable',
    error: 'invalid_request',
    says: 'failed to parse the request body',
    clause: ({ endpoint }) => endpoint.startsWith('client') || endpoint === 'registration' ? 'RFC 7591 §3.1' : 'RFC 6749 §3.2',
    cause: 'The body cannot be read: it is malformed, longer than 56 KiB, or was cut off.',
    expected: ({ header }) => `well-formed ${show(header('content-type'), 80)}, at most 56 KiB`,
    fix: 'Check the body against its Content-Type, and its length against Content-Length.',
    isUnproven: true,
  },
  {
    code: 'grant_type_unsupported',
    error: 'unsupported_grant_type',
    says: 'unsupported grant_type requested',
    clause: 'RFC 6749 §5.2',
    cause: 'This authorization server does not have the grant that was asked for.',
    seen: ({ parameter }) => `grant_type ${show(parameter('grant_type'), 100)}`,
    expected: ({ offered }) => showAll(offered.grantTypes, 'one that the discovery document lists'),
    fix: 'Use a grant_type that grant_types_supported of the discovery document lists.',
  },
  {
    code: 'grant_type_not_allowed',
    error: ['invalid_request', 'unauthorized_client'],
    says: /^(?:requested grant type|urn:\S+) is not allowed for this client$/,
    clause: 'RFC 6749 §5.2',
    cause: 'The client is not registered for this grant.',
    seen: ({ parameter, endpoint }) => endpoint === 'device_authorization' ? 'urn:ietf:params:oauth:grant-type:device_code' : endpoint === 'backchannel_authentication' ? 'urn:openid:params:grant-type:ciba' : `grant_type ${show(parameter('grant_type'), 100)}`,
    expected: ({ client }) => showAll(client?.grantTypes),
    fix: 'Register the client for the grant (grant_types), or use a client that is.',
  },
  {
    code: 'scope_malformed',
    error: ['invalid_scope', 'invalid_request'],
    says: 'scope contains invalid characters',
    clause: 'RFC 6749 §3.3',
    cause: 'The scope parameter is not written as scopes are.',
    seen: ({ parameter }) => `scope ${show(parameter('scope'), 200)}`,
    expected: 'names with one space between them; no quotes, backslashes, commas between names, or space at an end',
    fix: 'Join the scopes with single spaces.',
  },
  {
    code: 'scope_not_allowed',
    error: 'invalid_scope',
    says: 'requested scope is not allowed',
    clause: 'RFC 6749 §3.3',
    cause: ({ scope }) => `The client is not registered for the scope ${show(scope, 200)}.`,
    seen: scopesSeen,
    expected: ({ client }) => `some of ${show((client?.scope ?? '').split(' ').join(', '), 600)}`,
    fix: 'Ask for fewer scopes, or register the client for this one.',
  },
  {
    code: 'pop_twice',
    error: 'invalid_request',
    says: 'multiple proof-of-possession mechanisms are not allowed',
    clause: 'RFC 9449 §7.2',
    cause: 'The token would be bound to a certificate and to a DPoP key at once.',
    seen: 'a client certificate and a DPoP proof',
    expected: 'one of them',
    fix: 'Leave the DPoP header out at the mutual-TLS door, or use the public door; a client registered for certificate-bound tokens uses its certificate.',
  },
]

/** All that were asked for; those that this server does not know are named. */
function scopesSeen ({ parameter, offered }: FailureFacts): string {
  const asked = (parameter('scope') ?? '').split(' ').filter((name) => name !== '')
  const unknown = offered.scopes.length === 0 ? [] : asked.filter((name) => !offered.scopes.includes(name))
  return `${showAll(asked)}${unknown.length === 0 ? '' : ` (not known to any API here: ${showAll(unknown)})`}`
}

const CLAUSES: Readonly<Record<string, string>> = {
  token: 'RFC 6749 §5.2',
  introspection: 'RFC 7662 §2.1',
  revocation: 'RFC 7009 §2.1',
  pushed_authorization_request: 'RFC 9126 §2.1',
  device_authorization: 'RFC 8628 §3.1',
  backchannel_authentication: 'OpenID Connect CIBA §7.1',
}

function clauseOfEndpoint ({ endpoint }: FailureFacts): string {
  return CLAUSES[endpoint] ?? (AUTHENTICATED_ROUTES.includes(endpoint) ? 'RFC 6749 §5.2' : 'RFC 6749 §4.1.2.1')
}
