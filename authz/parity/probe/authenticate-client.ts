import { createPrivateKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { randomToken, type JsonObject, type Secret } from '../../../kernel/index.ts'
import type { KeyedCertificate, TestClient } from '../side.ts'

/** What authentication adds to a form: parameters, headers, a certificate; `isMutual` asks for the endpoint's mutual-TLS alias. */
export interface ClientCredentials {
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly certificate?: KeyedCertificate
  readonly isMutual: boolean
}

export interface AssertionContext {
  readonly issuer: string
  readonly nowMs: number
  /** `token_endpoint_auth_signing_alg_values_supported`. */
  readonly algorithms: readonly string[]
  /** Claims of an assertion that is to be wrong in some way. */
  readonly claims?: JsonObject
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const ASSERTION_LIFETIME_SECONDS = 60

/** Proves who a test client is, by the method that it is registered for (RFC 6749 §2.3.1, RFC 7523 §2.2, RFC 8705 §2). */
export async function authenticateClient (client: Pick<TestClient, 'clientId' | 'auth' | 'certificate'>, context: AssertionContext): Promise<ClientCredentials> {
  const { auth, clientId } = client
  const extra = client.certificate === undefined ? { isMutual: false } : { certificate: client.certificate, isMutual: true }
  switch (auth.method) {
    case 'client_secret_basic': return { parameters: [], headers: [['authorization', basic(clientId, auth.secret.reveal())]], ...extra }
    case 'client_secret_post': return { parameters: [['client_id', clientId], ['client_secret', auth.secret.reveal()]], headers: [], ...extra }
    case 'client_secret_jwt':
    case 'private_key_jwt': return { parameters: [['client_id', clientId], ['client_assertion_type', ASSERTION_TYPE], ['client_assertion', await signAssertion(clientId, auth, context)]], headers: [], ...extra }
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth': return { parameters: [['client_id', clientId]], headers: [], certificate: auth.certificate, isMutual: true }
    case 'none': return { parameters: [['client_id', clientId]], headers: [], ...extra }
  }
}

/** RFC 6749 §2.3.1: both halves are form-encoded first. */
export function basic (clientId: string, secret: string): string {
  const encode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(secret)}`).toString('base64')}`
}

type AssertingAuth = { readonly method: 'client_secret_jwt', readonly secret: Secret } | { readonly method: 'private_key_jwt', readonly keyPem: Secret, readonly kid?: string }

async function signAssertion (clientId: string, auth: AssertingAuth, context: AssertionContext): Promise<string> {
  const now = Math.floor(context.nowMs / 1000)
  const claims = { iss: clientId, sub: clientId, aud: context.issuer, jti: randomToken(16), iat: now, exp: now + ASSERTION_LIFETIME_SECONDS, ...context.claims }
  if (auth.method === 'client_secret_jwt') return await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(auth.secret.reveal()))
  const key = createPrivateKey(auth.keyPem.reveal())
  return await new SignJWT(claims).setProtectedHeader({ alg: algorithmFor(key, context.algorithms), ...(auth.kid === undefined ? {} : { kid: auth.kid }) }).sign(key)
}

const CURVES: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }

/** The algorithm (RFC 7518 §3.1) that fits a key, and of RSA's the first that the server takes. */
function algorithmFor (key: KeyObject, supported: readonly string[]): string {
  if (key.asymmetricKeyType === 'ec') return CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 'ES256'
  if (key.asymmetricKeyType === 'ed25519') return supported.includes('Ed25519') && !supported.includes('EdDSA') ? 'Ed25519' : 'EdDSA'
  return supported.find((name) => /^[PR]S\d+$/.test(name)) ?? 'RS256'
}
