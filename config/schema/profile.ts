import { choice, count, duration, flag, list, section, text } from './fields.ts'

function lifetime (description: string, value: string) {
  return duration({ description, default: value, minimumMs: 1000 })
}

function path (description: string, value: string) {
  return text({ description, default: value, means: 'path' })
}

const ASYMMETRIC = ['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'] as const

const LifetimesSchema = section('How long things live in production.', {
  access_token: lifetime('Access tokens.', '60m'),
  id_token: lifetime('ID tokens.', '60m'),
  refresh_token: lifetime('Refresh tokens.', '14d'),
  authorization_code: lifetime('Authorization codes (RFC 6749 §4.1.2 recommends at most ten minutes).', '60s'),
  pushed_request: lifetime('Request URIs of pushed authorization requests (RFC 9126 §2.2).', '60s'),
  device_code: lifetime('Device codes (RFC 8628 §3.2).', '10m'),
  backchannel_request: lifetime('Authentication requests that wait on another device (CIBA Core §7.3).', '10m'),
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
  end_session: path('Logout endpoint (OpenID Connect RP-Initiated Logout).', '/oauth/logout'),
  pushed_authorization_request: path('Pushed authorization requests (RFC 9126 §2).', '/oauth/par'),
  device_authorization: path('Device authorization endpoint (RFC 8628 §3.1).', '/oauth/device_authorization'),
  device_verification: path('The page where a person enters a device\'s code (RFC 8628 §3.3).', '/device'),
  backchannel_authentication: path('Backchannel authentication endpoint (CIBA Core §7).', '/oauth/bc-authorize'),
  registration: path('Client registration endpoint (RFC 7591 §3).', '/oauth/register')
})

const availability = (description: string, value: 'off' | 'allowed' | 'required') => choice(['off', 'allowed', 'required'], { description, default: value })

function acr (description: string, value: string) {
  return text({ description, default: value, pattern: '^[!-~]{1,200}$', shape: '1 to 200 visible ASCII characters' })
}

/** Settings of single features; what is off is neither served nor advertised. */
const features = {
  pkce: choice(['required', 'allowed'], { description: 'Whether authorization requests must carry a code challenge (RFC 7636; RFC 9700 §2.1.1 wants it). Method S256.', default: 'required' }),
  pushed_authorization_requests: availability('Pushed authorization requests (RFC 9126).', 'allowed'),
  request_objects: availability('Signed request objects by value (RFC 9101).', 'allowed'),
  response_types: list(choice(['code', 'code id_token'], { description: 'A response type.' }), { description: 'Response types of the authorization endpoint.', default: ['code'], isSet: true, minItems: 1 }),
  signed_responses: flag({ description: 'JWT-secured authorization responses (JARM).', default: true }),
  dpop: availability('Sender-constrained tokens by proof of possession (RFC 9449).', 'allowed'),
  dpop_nonces: choice(['off', 'required'], { description: 'Whether DPoP proofs must carry a nonce of the server (RFC 9449 §8).', default: 'off' }),
  authorization_details_types: list(text({ description: 'A type.', pattern: '^[A-Za-z0-9._:/#-]{1,200}$', shape: '1 to 200 letters, digits and . _ : / # -' }), { description: 'Types of rich authorization requests (RFC 9396); empty: off.', default: [], isSet: true }),
  claims_parameter: flag({ description: 'The `claims` request parameter (OpenID Connect Core §5.5).', default: true }),
  subject_types: list(choice(['public', 'pairwise'], { description: 'A subject type.' }), { description: 'Subject identifiers (OpenID Connect Core §8).', default: ['public', 'pairwise'], isSet: true, minItems: 1 }),
  encryption: flag({ description: 'Encrypted ID tokens and other responses, for clients that register for them (OpenID Connect Core §2, RFC 7516).', default: true }),
  introspection_jwt: flag({ description: 'Introspection answers as signed JWT, for clients that ask for them (RFC 9701).', default: true }),
  userinfo_jwt: flag({ description: 'UserInfo answers as signed JWT, for clients that register for them (OpenID Connect Core §5.3.2).', default: true }),
  registration: choice(['off', 'with_initial_token'], { description: 'Dynamic client registration (RFC 7591) and its management (RFC 7592), with an initial access token of the sandbox.', default: 'with_initial_token' }),
  software_statement_jwks_file: text({ description: 'JSON Web Key Set of those whose software statements (RFC 7591 §2.3) are trusted at registration; empty: none.', default: '', means: 'file' }),
  require_software_statement: flag({ description: 'Registration needs a software statement.', default: false }),
  backchannel_logout: flag({ description: 'Logout tokens to clients that registered for them (OpenID Connect Back-Channel Logout).', default: true }),
  headless_login: flag({ description: 'Clients may opt into a login without pages, for automated tests; production has none.', default: true }),
  acr: section('Names of how strongly a user signed in (the claim `acr`, OpenID Connect Core §2); clients ask for them with `acr_values`.', {
    single_factor: acr('Signed in with one factor.', 'urn:sandgate:acr:single-factor'),
    multi_factor: acr('Signed in with a one-time code besides.', 'urn:sandgate:acr:multi-factor')
  }),
  poll_interval: duration({ description: 'Least time between two polls with a device code (RFC 8628 §3.2) or an auth_req_id (CIBA Core §7.3), in whole seconds; who polls faster gets slow_down. 0ms: never.', default: '5s', minimumMs: 0 })
}

/** What is known of production's authorization server. */
export const ProfileSchema = section('What is known of production\'s authorization server.', {
  issuer: text({ description: 'Issuer identifier (RFC 8414 §2); empty: https://<public_host>:<public port>.', default: '', means: 'issuer' }),
  security: choice(['oauth-bcp', 'fapi-1-advanced', 'fapi-2-security', 'fapi-2-message-signing'], { description: 'Rules for every client: OAuth 2.0 Security Best Current Practice (RFC 9700), FAPI 1.0 Advanced, FAPI 2.0 Security Profile, or with Message Signing. A FAPI profile tightens what the other settings allow.', default: 'oauth-bcp' }),
  lifetimes: LifetimesSchema,
  signing_algorithm: choice(ASYMMETRIC, { description: 'JWT access tokens (RFC 9068) and ID tokens are signed with this algorithm.', default: 'ES256' }),
  more_signing_algorithms: list(choice(ASYMMETRIC, { description: 'An algorithm.' }), { description: 'Further algorithms that a client may register for its ID tokens and signed answers; there is a key for each.', default: [], isSet: true }),
  rsa_key_bits: count({ description: 'Size of RSA signing keys that are generated.', default: 2048, minimum: 2048, maximum: 4096, unit: 'bits' }),
  client_authentication_methods: list(choice(['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'none'], { description: 'A client authentication method.' }), {
    description: 'How clients may authenticate at the token endpoint.', default: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'none'], isSet: true, minItems: 1
  }),
  grants: list(choice(['client_credentials', 'authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code', 'urn:openid:params:grant-type:ciba', 'urn:ietf:params:oauth:grant-type:token-exchange', 'urn:ietf:params:oauth:grant-type:jwt-bearer'], { description: 'A grant type.' }), {
    description: 'The grant types that production has.', default: ['client_credentials', 'authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code', 'urn:openid:params:grant-type:ciba'], isSet: true, minItems: 1
  }),
  paths: PathsSchema,
  bind_tokens_to_certificates: flag({ description: 'Tokens asked for over the mutual-TLS door are bound to the certificate (RFC 8705 §3).', default: true }),
  refresh_token_rotation: flag({ description: 'A refresh token is used once and replaced by a new one (RFC 9700 §4.14.2).', default: true }),
  ...features,
  brand: section('Shown on the login and consent pages.', {
    name: text({ description: 'Name of the company.', default: 'Example Payments', minLength: 1, maxLength: 80 }),
    colour: text({ description: 'Colour of buttons and links, as #rrggbb.', default: '#1f4ed8', pattern: '^#[0-9a-fA-F]{6}$', shape: 'a colour as #rrggbb, in quotes' }),
    logo_file: text({ description: 'A logo in PNG, SVG, JPEG or WebP of at most 64 KiB, shown beside the name; empty: none.', default: '', means: 'file' })
  })
})
