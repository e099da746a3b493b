import { generateKeyPairSync } from 'node:crypto'
import { Secret } from '../../../kernel/index.ts'
import type { Probe } from '../probe/probe.ts'
import { authenticateClient, basic } from '../probe/authenticate-client.ts'
import type { HttpRequest } from '../probe/http-client.ts'
import type { Session } from '../probe/session.ts'
import type { TestClientAuth } from '../side.ts'
import { encodeForm, requestProbe } from './request-probe.ts'

/** One made-up client in every run: a server that counts identities must not see an attack. */
const UNKNOWN = 'sandgate-parity-unknown'
const GRANT = 'grant_type=client_credentials'
const ASSERTION = 'client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer'

type Row = readonly [id: string, title: string, form: string, headers?: ReadonlyArray<readonly [string, string]>]

/** Token requests in which no known client proves who it is (RFC 6749 §2.3, §5.2). */
const ROWS: readonly Row[] = [
  ['no_parameters', 'a token request with an empty body', ''],
  ['no_client', 'a token request without a client', GRANT],
  ['empty_client', 'a token request with an empty client_id', `${GRANT}&client_id=`],
  ['unknown_client', 'a token request of an unknown client without authentication', `${GRANT}&client_id=${UNKNOWN}`],
  ['unknown_client_basic', 'an unknown client by client_secret_basic', GRANT, [['authorization', basic(UNKNOWN, 'wrong')]]],
  ['unknown_client_post', 'an unknown client by client_secret_post', `${GRANT}&client_id=${UNKNOWN}&client_secret=wrong`],
  ['duplicate_client', 'a token request with client_id twice', `${GRANT}&client_id=${UNKNOWN}&client_id=${UNKNOWN}`],
  ['malformed_basic', 'an Authorization header that is not Base64', GRANT, [['authorization', 'Basic !!!']]],
  ['basic_without_colon', 'an Authorization header without a colon in it', GRANT, [['authorization', `Basic ${Buffer.from('nothing').toString('base64')}`]]],
  ['bearer_at_token', 'a bearer token where a client should authenticate', GRANT, [['authorization', 'Bearer made-up']]],
  ['two_methods', 'a client that authenticates twice', `${GRANT}&client_id=${UNKNOWN}&client_secret=wrong`, [['authorization', basic(UNKNOWN, 'wrong')]]],
  ['malformed_assertion', 'a client_assertion that is no JWT', `${GRANT}&${ASSERTION}&client_assertion=made-up`],
  ['unknown_assertion_type', 'a client_assertion_type that nobody has', `${GRANT}&client_id=${UNKNOWN}&client_assertion_type=made-up&client_assertion=made-up`],
  ['missing_assertion', 'a client_assertion_type without an assertion', `${GRANT}&client_id=${UNKNOWN}&${ASSERTION}`],
  ['malformed_encoding', 'a form with a broken percent-encoding', 'grant_type=%ZZ&client_id=%'],
]

/** How clients are refused that are not who they claim to be. */
export const clientProbes: readonly Probe[] = [
  ...ROWS.map(([id, title, form, headers = []]) => requestProbe({ id, title, endpoint: 'token', request: (session) => session.post('token', form, headers) })),
  requestProbe({ id: 'unknown_client_assertion', title: 'an unknown client by private_key_jwt', endpoint: 'token', request: async (session) => await asUnknown(session, foreignKey()) }),
  requestProbe({ id: 'wrong_secret_basic', title: 'the test client by client_secret_basic with a wrong secret', endpoint: 'token', needs: ['client:secret'], request: async (session) => await asImpostor(session, { method: 'client_secret_basic', secret: new Secret('wrong') }) }),
  requestProbe({ id: 'wrong_secret_post', title: 'the test client by client_secret_post with a wrong secret', endpoint: 'token', needs: ['client:secret'], request: async (session) => await asImpostor(session, { method: 'client_secret_post', secret: new Secret('wrong') }) }),
  requestProbe({ id: 'no_authentication', title: 'the test client without its authentication', endpoint: 'token', needs: ['client'], request: async (session) => await asImpostor(session, { method: 'none' }) }),
  requestProbe({ id: 'wrong_key', title: 'the test client by private_key_jwt with a wrong key', endpoint: 'token', needs: ['client:key'], request: async (session) => await asImpostor(session, foreignKey()) }),
  requestProbe({ id: 'expired_assertion', title: 'a client_assertion that has expired', endpoint: 'token', needs: ['client:key'], request: async (session) => await session.postAsClient('token', GRANT, { claims: { exp: 1_000_000_000, iat: 999_999_000 } }) }),
  requestProbe({ id: 'assertion_for_another', title: 'a client_assertion for another audience', endpoint: 'token', needs: ['client:key'], request: async (session) => await session.postAsClient('token', GRANT, { claims: { aud: 'https://other.parity.example' } }) }),
  requestProbe({ id: 'missing_certificate', title: 'the mutual-TLS token endpoint without a certificate', endpoint: 'token', needs: ['alias:token'], request: (session) => atAlias(session, UNKNOWN) }),
  requestProbe({ id: 'foreign_certificate', title: 'the mutual-TLS token endpoint with a certificate of nobody', endpoint: 'token', needs: ['alias:token'], request: (session) => ({ ...atAlias(session, UNKNOWN), certificate: session.foreignCertificate }) }),
  requestProbe({ id: 'client_without_certificate', title: 'the test client of mutual TLS without its certificate', endpoint: 'token', needs: ['alias:token', 'client:certificate'], request: (session) => atAlias(session, session.side.client?.clientId ?? '') }),
  requestProbe({ id: 'client_with_foreign_certificate', title: 'the test client of mutual TLS with a certificate of nobody', endpoint: 'token', needs: ['alias:token', 'client:certificate'], request: (session) => ({ ...atAlias(session, session.side.client?.clientId ?? ''), certificate: session.foreignCertificate }) }),
]

function foreignKey (): TestClientAuth {
  return { method: 'private_key_jwt', keyPem: new Secret(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()) }
}

async function asImpostor (session: Session, auth: TestClientAuth): Promise<HttpRequest> {
  return await session.postAsClient('token', GRANT, { client: { auth } })
}

async function asUnknown (session: Session, auth: TestClientAuth): Promise<HttpRequest> {
  const credentials = await authenticateClient({ clientId: UNKNOWN, auth }, { issuer: session.side.issuer, nowMs: session.clock.nowMs(), algorithms: [] })
  return session.post('token', `${GRANT}&${encodeForm(...credentials.parameters)}`)
}

function atAlias (session: Session, clientId: string): HttpRequest {
  return { ...session.post('token', `${GRANT}&${encodeForm(['client_id', clientId])}`), url: session.alias('token') }
}
