/** What the profile may say, as the configuration's schema has it; a test compares the two. */
export const PROFILE_VALUES = {
  algorithms: ['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'],
  methods: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'none'],
  grants: ['client_credentials', 'authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code', 'urn:openid:params:grant-type:ciba', 'urn:ietf:params:oauth:grant-type:token-exchange', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
  responseTypes: ['code', 'code id_token'],
  subjectTypes: ['public', 'pairwise'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** Paths that Sandgate serves itself; no endpoint can be under them. */
export const RESERVED_PATHS: readonly string[] = ['/sandbox', '/control', '/console', '/interaction', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']
