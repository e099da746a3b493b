import Type from 'typebox'
import { choice, duration, flag, list, section, text } from './fields.ts'

const common = {
  name: text({ description: 'Names the API in paths of the control API, records and metrics.', pattern: '^[a-z][a-z0-9-]{0,39}$', shape: 'a name of lower-case letters, digits and -, at most 40' }),
  audience: text({ description: 'The audience of its access tokens (RFC 9068 §3).', means: 'url' }),
  scopes: section('Scopes by HTTP method; an operation\'s own security requirement in the document goes before these.', {
    read: text({ description: 'Scope for GET, HEAD and OPTIONS.', means: 'scope' }),
    write: text({ description: 'Scope for every other method.', means: 'scope' })
  }),
  require_bound_tokens: flag({ description: 'Only certificate-bound tokens are taken (RFC 8705 §3).', default: false }),
  token_format: choice(['jwt', 'opaque'], { description: 'Form of its access tokens: a JWT (RFC 9068), or text that only introspection explains (RFC 7662).', default: 'jwt' })
}

const CoreApiSchema = section('An API that runs in Sandgate from its OpenAPI document.', {
  ...common,
  kind: Type.Literal('core', { description: 'Runs in Sandgate from its OpenAPI document.' }),
  openapi: text({ description: 'Its OpenAPI document, YAML or JSON.', means: 'file', minLength: 1 }),
  behaviour: text({ description: 'What it does beyond its document; empty: nothing.', default: '', means: 'file' })
})

const UpstreamApiSchema = section('An API that runs elsewhere and is proxied.', {
  ...common,
  kind: Type.Literal('upstream', { description: 'Is proxied.' }),
  prefix: text({ description: 'The path under which it is served; it is kept when the request is handed over.', means: 'path' }),
  upstream: text({ description: 'Origin of the backend.', means: 'origin', minLength: 1 }),
  timeout: duration({ description: 'Time that the backend may take to answer.', default: '10s', isTimer: true })
})

/** The sandboxed APIs. */
export const ApisSchema = list(Type.Union([CoreApiSchema, UpstreamApiSchema]), {
  description: 'The sandboxed APIs; the first one\'s audience is the default resource of a token (RFC 8707).',
  minItems: 1,
  default: [{
    name: 'payments',
    kind: 'core',
    openapi: './apis/payments/openapi.yaml',
    behaviour: './apis/payments/behaviour.yaml',
    audience: 'https://api.payments.example',
    scopes: { read: 'payments:read', write: 'payments:write' },
    require_bound_tokens: false,
    token_format: 'jwt'
  }]
})
