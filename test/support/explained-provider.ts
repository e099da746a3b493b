import { createHash, createPublicKey, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, SignJWT, type JWK } from 'jose'
import { errors, Provider, type Adapter, type AdapterPayload, type Client, type Configuration, type KoaContextWithOIDC } from 'oidc-provider'
import { createRootCertificate } from '../../certs/index.ts'
import { systemClock, type CertificateThumbprint } from '../../kernel/index.ts'
import type { AuthorizationFailure } from '../../authz/index.ts'
import { reportFailures } from '../../authz/provider/report-failures.ts'

export const REDIRECT = 'https://client.example/callback'
export const RESOURCE = 'https://api.example'
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
export const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'

/** The library itself with everything on, over plain HTTP on loopback, and the failures that it reports. */
export interface ExplainedProvider {
  readonly provider: Provider
  readonly issuer: string
  readonly failures: AuthorizationFailure[]
  readonly key: KeyObject
  readonly jwk: JWK
  readonly post: (path: string, form: Record<string, string> | string | undefined, headers?: Record<string, string>) => Promise<Response>
  readonly get: (path: string, query?: Record<string, string>, headers?: Record<string, string>) => Promise<Response>
  readonly send: (method: string, path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>
  /** Signs with the key of the clients. */
  readonly sign: (claims: Record<string, unknown>, header?: Record<string, unknown>, key?: KeyObject) => Promise<string>
  readonly proof: (claims?: Record<string, unknown>, header?: Record<string, unknown>, key?: KeyObject) => Promise<string>
  /** An authorization code, refresh token or the like of a client, as if a user had granted it. */
  readonly issue: (model: 'AuthorizationCode' | 'RefreshToken' | 'DeviceCode' | 'BackchannelAuthenticationRequest' | 'AccessToken', clientId: string, more?: Record<string, unknown>) => Promise<string>
  /** A cookie of a browser in which a user is logged in. */
  readonly logIn: (more?: object) => Promise<{ readonly cookie: string }>
  readonly thumbprint: string
  readonly close: () => Promise<void>
}

interface Savable { readonly save: (ttl: number) => Promise<string> }

/** Keeps everything for ever, so that what has expired is found and told so. */
function createAdapters (): (name: string) => Adapter {
  const spaces = new Map<string, Map<string, AdapterPayload>>()
  return (name) => {
    const space = spaces.get(name) ?? new Map<string, AdapterPayload>()
    spaces.set(name, space)
    const findBy = async (matches: (payload: AdapterPayload) => boolean): Promise<AdapterPayload | undefined> => [...space.values()].find(matches)
    return {
      find: async (id) => space.get(id),
      findByUid: async (uid) => await findBy((payload) => payload.uid === uid),
      findByUserCode: async (userCode) => await findBy((payload) => payload.userCode === userCode),
      upsert: async (id, payload) => { space.set(id, payload) },
      consume: async (id) => { (space.get(id) as { consumed?: number }).consumed = Math.floor(Date.now() / 1000) },
      destroy: async (id) => { space.delete(id) },
      revokeByGrantId: async (grantId) => { for (const [id, payload] of space) if (payload.grantId === grantId) space.delete(id) },
    }
  }
}

export async function openExplainedProvider (configuration: object = {}, features: object = {}): Promise<ExplainedProvider> {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...await exportJWK(createPublicKey(key)), kid: 'client-key', use: 'sig', alg: 'ES256' }
  const certificate = await createRootCertificate({ commonName: 'Explained client', lifetimeMs: 86_400_000, clock: systemClock })
  const der = Buffer.from(certificate.certificatePem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const thumbprint = createHash('sha256').update(der).digest('base64url')
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`
  const failures: AuthorizationFailure[] = []
  const presented = { thumbprint: thumbprint as CertificateThumbprint, subjectDn: 'CN=Explained client', dnsNames: [], uris: [], ips: [], emails: [], der }
  const settings: object = {
    adapter: createAdapters(),
    clients: clientsOf(jwk),
    jwks: { keys: [serverKey()] },
    cookies: { keys: ['a key'], long: { signed: false }, short: { signed: false } },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'none'],
    scopes: ['openid', 'offline_access', 'profile', 'pay', 'other'],
    claims: { openid: ['sub'], profile: ['name'] },
    responseTypes: ['code', 'code id_token', 'id_token', 'none'],
    clientDefaults: { id_token_signed_response_alg: 'ES256', authorization_signed_response_alg: 'ES256', introspection_signed_response_alg: 'ES256' },
    enabledJWA: { clientAuthSigningAlgValues: ['HS256', 'ES256', 'PS256'], requestObjectSigningAlgValues: ['ES256', 'PS256'], dPoPSigningAlgValues: ['ES256', 'PS256'] },
    pkce: { required: (_ctx: unknown, client: Client) => client.clientId === 'pkce' },
    rotateRefreshToken: true,
    clientBasedCORS: (_ctx: unknown, origin: string) => origin === 'https://client.example',
    findAccount: async (_ctx: unknown, sub: string) => sub === 'gone' ? undefined : { accountId: sub, claims: async () => ({ sub }) },
    interactions: { url: (_ctx: unknown, interaction: { readonly uid: string }) => `/interaction/${interaction.uid}` },
    renderError: (ctx: KoaContextWithOIDC, out: object) => { ctx.body = out },
    ...configuration,
    features: { ...featuresOf(), mTLS: { enabled: true, certificateBoundAccessTokens: true, tlsClientAuth: true, selfSignedTlsClientAuth: true, getCertificate: (ctx: KoaContextWithOIDC) => ctx.get('x-certificate') === '' ? undefined : der.toString('base64'), certificateAuthorized: () => true, certificateSubjectMatches: (_ctx: unknown, _property: string, expected: string) => expected === 'CN=Explained client' }, ...features },
  }
  const provider = new Provider(issuer, settings)
  const silence = provider.on.bind(provider) as (event: string, listener: () => void) => void
  silence('error', () => {})
  reportFailures(provider, {
    issuer,
    clock: systemClock,
    offered: { scopes: ['openid', 'pay'], responseTypes: ['code'], grantTypes: ['authorization_code'], resources: [RESOURCE], clientAlgorithms: ['ES256'], authorizationDetailsTypes: ['payment'] },
    certificateOf: (request) => request.headers['x-certificate'] === undefined ? undefined : presented,
    onFailure: (failure) => { failures.push(failure) },
  })
  server.on('request', provider.callback())

  const send = async (method: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> => await fetch(new URL(path, issuer), { method, redirect: 'manual', headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }) })
  const sign = async (claims: Record<string, unknown>, header: Record<string, unknown> = {}, by: KeyObject = key): Promise<string> => await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', ...header }).sign(by)
  return {
    provider,
    issuer,
    failures,
    key,
    jwk,
    thumbprint,
    send,
    sign,
    post: async (path, form, headers = {}) => await fetch(new URL(path, issuer), { method: 'POST', redirect: 'manual', headers: { ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }), ...headers }, ...(form === undefined ? {} : { body: typeof form === 'string' ? form : new URLSearchParams(form).toString() }) }),
    get: async (path, query = {}, headers = {}) => await fetch(new URL(`${path}?${new URLSearchParams(query).toString()}`, issuer), { redirect: 'manual', headers }),
    proof: async (claims = {}, header = {}, by = key) => {
      const { d: _private, kid: _kid, use: _use, alg: _alg, ...publicKey } = jwk as JWK & { d?: string }
      return await sign({ jti: randomUUID(), iat: Math.floor(Date.now() / 1000), htm: 'POST', htu: `${issuer}/token`, ...claims }, { typ: 'dpop+jwt', jwk: publicKey, ...header }, by)
    },
    async issue (model, clientId, more = {}) {
      const client = await provider.Client.find(clientId)
      const grant = new provider.Grant({ accountId: 'user', clientId, ...(more['grant'] as object | undefined) })
      grant.addOIDCScope('openid offline_access pay')
      grant.addResourceScope(RESOURCE, 'pay')
      const grantId = await grant.save()
      const Model = provider[model] as unknown as new (input: object) => { save: () => Promise<string> }
      return await new Model({ accountId: 'user', client, grantId, scope: 'openid offline_access pay', redirectUri: REDIRECT, gty: 'authorization_code', ...more }).save()
    },
    async logIn (more = {}) {
      const session = new (provider.Session as unknown as new (input: object) => Savable)({ accountId: 'user', loginTs: Math.floor(Date.now() / 1000), uid: randomUUID(), jti: randomUUID(), ...more })
      return { cookie: `_session=${await session.save(3600)}` }
    },
    async close () {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The published types lag behind the library, so what it takes is stated without them. */
function featuresOf (): object {
  return {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    ciba: {
      enabled: true,
      deliveryModes: ['poll', 'ping'],
      processLoginHint: async (_ctx: unknown, hint: string) => hint === 'nobody' ? undefined : hint,
      processLoginHintToken: async () => undefined,
      verifyUserCode: async () => {},
      validateRequestContext: async () => {},
      triggerAuthenticationDevice: async () => {},
    },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 1), requireNonce: (ctx: KoaContextWithOIDC) => ctx.get('x-require-nonce') !== '' },
    encryption: { enabled: true },
    fapi: { enabled: true, profile: (_ctx: unknown, client: Client | undefined) => client?.clientId === 'fapi2' ? '2.0' : client?.clientId === 'fapi1' ? '1.0 Final' : undefined },
    introspection: { enabled: true },
    jwtIntrospection: { enabled: true },
    jwtResponseModes: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    registration: { enabled: true, initialAccessToken: true },
    registrationManagement: { enabled: true },
    requestObjects: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => undefined as unknown as string,
      getResourceServerInfo: async (_ctx: unknown, resource: string) => {
        if (!resource.startsWith(RESOURCE)) throw new errors.InvalidTarget()
        return { scope: 'pay', accessTokenFormat: 'opaque' }
      },
    },
    revocation: { enabled: true },
    richAuthorizationRequests: {
      enabled: true,
      types: { payment: { validate: () => {} }, other: { validate: () => {} } },
      authorizationDetailsForGrantSource: async () => [],
      authorizationDetailsForAccessToken: async () => [],
      authorizationDetailsForIntrospection: async () => [],
    },
    rpInitiatedLogout: { enabled: true },
  }
}

/** One client for each way of authenticating, and some with a registration of their own. */
function clientsOf (jwk: JWK): NonNullable<Configuration['clients']> {
  const all = { grant_types: ['authorization_code', 'refresh_token', 'client_credentials', 'urn:ietf:params:oauth:grant-type:device_code', 'urn:openid:params:grant-type:ciba'], redirect_uris: [REDIRECT], post_logout_redirect_uris: ['https://client.example/bye'], response_types: ['code'], backchannel_token_delivery_mode: 'poll', scope: 'openid offline_access pay' }
  const secret = { ...all, client_secret: 'the-secret-of-the-client-32-characters' }
  const keys = { ...all, jwks: { keys: [jwk] } }
  const basic = (id: string, more: object = {}): object => ({ ...secret, client_id: id, token_endpoint_auth_method: 'client_secret_basic', ...more })
  return [
    basic('basic'), basic('other-basic'), basic('pkce'), basic('native', { application_type: 'native', redirect_uris: ['com.example.app:/callback'] }),
    basic('narrow', { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] }),
    basic('expired', { client_secret_expires_at: 1000 }),
    basic('dpop', { dpop_bound_access_tokens: true }), basic('bound', { tls_client_certificate_bound_access_tokens: true }),
    basic('par-only', { require_pushed_authorization_requests: true }), basic('jar-only', { require_signed_request_object: true, jwks: { keys: [jwk] } }),
    basic('jar', { jwks: { keys: [jwk] } }), basic('jar-ps', { jwks: { keys: [jwk] }, request_object_signing_alg: 'PS256' }),
    basic('encrypted', { jwks: { keys: [{ ...jwk, use: 'enc', alg: 'ECDH-ES', kid: 'enc' }] }, introspection_encrypted_response_alg: 'ECDH-ES', introspection_signed_response_alg: 'ES256' }),
    basic('details', { authorization_details_types: ['payment'] }), basic('max-age', { default_max_age: 10 }),
    basic('ping', { backchannel_token_delivery_mode: 'ping', backchannel_client_notification_endpoint: 'https://client.example/ping' }),
    basic('hybrid', { grant_types: [...all.grant_types, 'implicit'], response_types: ['code', 'code id_token', 'id_token', 'none'] }),
    basic('logout', { backchannel_logout_uri: 'http://localhost:1/logout' }),
    { ...secret, client_id: 'jwt', token_endpoint_auth_method: 'client_secret_jwt' },
    { ...keys, client_id: 'key', token_endpoint_auth_method: 'private_key_jwt' },
    { ...keys, client_id: 'key-ps', token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'PS256' },
    { ...keys, client_id: 'fapi2', token_endpoint_auth_method: 'private_key_jwt' },
    { ...keys, client_id: 'fapi1', token_endpoint_auth_method: 'private_key_jwt' },
    { ...all, client_id: 'far-key', token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'http://localhost:1/jwks' },
    { ...all, client_id: 'tls', token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=Somebody else' },
    { ...all, client_id: 'self-signed', token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks: { keys: [jwk] } },
    { ...all, client_id: 'public', token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'], backchannel_token_delivery_mode: undefined },
  ] as unknown as NonNullable<Configuration['clients']>
}

function serverKey (): JWK {
  return { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }) as JWK, kid: 'server-key', alg: 'ES256', use: 'sig' }
}
