import { choice, duration, flag, list, section, text } from './fields.ts'

function lifetime (description: string, value: string) {
  return duration({ description, default: value, minimumMs: 1000 })
}

function path (description: string, value: string) {
  return text({ description, default: value, means: 'path' })
}

const LifetimesSchema = section('How long things live in production.', {
  access_token: lifetime('Access tokens.', '60m'),
  id_token: lifetime('ID tokens.', '60m'),
  refresh_token: lifetime('Refresh tokens.', '14d'),
  authorization_code: lifetime('Authorization codes (RFC 6749 §4.1.2 recommends at most ten minutes).', '60s'),
  session: lifetime('The login session of a test user.', '14d'),
  interaction: lifetime('A login or consent page that waits for an answer.', '60m'),
  grant: lifetime('What a test user consented to.', '14d')
})

const PathsSchema = section('Production\'s paths.', {
  authorization: path('Authorization endpoint (RFC 6749 §3.1).', '/oauth/authorize'),
  token: path('Token endpoint (RFC 6749 §3.2).', '/oauth/token'),
  introspection: path('Introspection endpoint (RFC 7662).', '/oauth/introspect'),
  revocation: path('Revocation endpoint (RFC 7009).', '/oauth/revoke'),
  userinfo: path('UserInfo endpoint (OpenID Connect Core §5.3).', '/oauth/userinfo'),
  jwks: path('JSON Web Key Set of the signing keys (RFC 7517 §5).', '/oauth/jwks'),
  end_session: path('Logout endpoint (OpenID Connect RP-Initiated Logout).', '/oauth/logout')
})

/** What is known of production's authorization server. */
export const ProfileSchema = section('What is known of production\'s authorization server.', {
  issuer: text({ description: 'Issuer identifier (RFC 8414 §2); empty: https://<public_host>:<public port>.', default: '', means: 'issuer' }),
  lifetimes: LifetimesSchema,
  signing_algorithm: choice(['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'], { description: 'JWT access tokens (RFC 9068) and ID tokens are signed with this algorithm.', default: 'ES256' }),
  client_authentication_methods: list(choice(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'none'], { description: 'A client authentication method.' }), {
    description: 'How clients may authenticate at the token endpoint.', default: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth'], isSet: true, minItems: 1
  }),
  grants: list(choice(['client_credentials', 'authorization_code', 'refresh_token'], { description: 'A grant type.' }), {
    description: 'The grant types that production has.', default: ['client_credentials', 'authorization_code', 'refresh_token'], isSet: true, minItems: 1
  }),
  paths: PathsSchema,
  bind_tokens_to_certificates: flag({ description: 'Tokens asked for over the mutual-TLS door are bound to the certificate (RFC 8705 §3).', default: true }),
  refresh_token_rotation: flag({ description: 'A refresh token is used once and replaced by a new one (RFC 9700 §4.14.2).', default: true }),
  brand: section('Shown on the login and consent pages.', {
    name: text({ description: 'Name of the company.', default: 'Example Payments', minLength: 1, maxLength: 80 }),
    colour: text({ description: 'Colour of buttons and links, as #rrggbb.', default: '#1f4ed8', pattern: '^#[0-9a-fA-F]{6}$', shape: 'a colour as #rrggbb, in quotes' })
  })
})
