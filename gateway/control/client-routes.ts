import Type from 'typebox'
import { ClientRefused, type AuthorizationServer, type CreatedClient } from '../../authz/index.ts'
import { CertificateRequestRefused, type Authority } from '../../certs/index.ts'
import { randomId, type SandboxId } from '../../kernel/index.ts'
import type { IssuedCertificates } from './issued-certificates.ts'
import { developerRoute, done, NOT_FOUND, refused, type ControlRoute } from './route.ts'

/** What developers' clients are made of. */
export interface ClientRoutesDeps {
  readonly authz: Pick<AuthorizationServer, 'clients'>
  readonly authority: Pick<Authority, 'issueClientCertificate' | 'issueFromRequest'>
  readonly certificates: Pick<IssuedCertificates, 'remember' | 'find'>
  readonly certificateLifetimeMs: number
  readonly defaultScopes: readonly string[]
}

const CLIENTS_MAX = 20
const words = (description: string): ReturnType<typeof Type.Array> => Type.Array(Type.String({ minLength: 1, maxLength: 512 }), { maxItems: 20, description })

const CreateClient = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100, description: 'Shown on the consent page.' }),
  token_endpoint_auth_method: Type.String({ maxLength: 40, description: 'One of the profile\'s: `client_secret_basic`, `client_secret_post`, `private_key_jwt`, `tls_client_auth`.' }),
  grant_types: Type.Optional(words('Default: `client_credentials`.')),
  redirect_uris: Type.Optional(words('For `authorization_code`.')),
  scope: Type.Optional(Type.String({ maxLength: 1000, description: 'Scopes, separated by spaces; default: those of a new sandbox.' })),
  jwks: Type.Optional(Type.Object({ keys: Type.Array(Type.Object({}), { minItems: 1, maxItems: 8 }) }, { additionalProperties: false, description: 'Public keys, for `private_key_jwt`.' })),
  csr: Type.Optional(Type.String({ maxLength: 16_384, description: 'A PKCS#10 request in PEM, for `tls_client_auth`; without one a key is made for you.' })),
  certificate: Type.Optional(Type.String({ pattern: '^[0-9a-f]{2,40}$', description: 'The serial number of a certificate of this sandbox, for `tls_client_auth`: the client is bound to its subject.' })),
}, { additionalProperties: false })

type NewClientBody = Type.Static<typeof CreateClient>

/** A sandbox's own OAuth clients, with every authentication method that production has. */
export function clientRoutes (deps: ClientRoutesDeps): readonly ControlRoute[] {
  const { clients } = deps.authz
  return [
    developerRoute({ method: 'POST', path: '/sandbox/clients', operationId: 'createClient', summary: 'Registers an OAuth client; its secret, or its key and certificate, are shown this once.', body: CreateClient }, async (sandboxId, { body }) => {
      const scopes = body.scope?.split(' ').filter((scope) => scope !== '') ?? deps.defaultScopes
      if ((await clients.list(sandboxId)).length >= CLIENTS_MAX) return refused('quota_exceeded', `A sandbox has at most ${CLIENTS_MAX} clients.`)
      try {
        return done(201, await createClient(sandboxId, body, scopes, deps))
      } catch (error) {
        if (error instanceof ClientRefused) return refused('request_invalid', error.message)
        if (error instanceof CertificateRequestRefused) return refused('request_invalid', error.message, ['/csr'])
        throw error
      }
    }),
    developerRoute({ method: 'DELETE', path: '/sandbox/clients/{id}', operationId: 'deleteClient', summary: 'Removes a client; its tokens stop at once.' }, async (sandboxId, { parameters }) => {
      const client = await clients.get(parameters['id'] ?? '')
      if (client === undefined || client.sandboxId !== sandboxId) return NOT_FOUND
      await clients.delete(client.clientId)
      return done(204)
    }),
  ]
}

async function createClient (sandboxId: SandboxId, body: NewClientBody, scopes: readonly string[], deps: ClientRoutesDeps) {
  const certificate = body.token_endpoint_auth_method === 'tls_client_auth' ? await certify(sandboxId, body, deps) : undefined
  const created = await deps.authz.clients.create({
    sandboxId,
    name: body.name,
    authMethod: body.token_endpoint_auth_method,
    grants: (body.grant_types ?? ['client_credentials']) as string[],
    redirectUris: (body.redirect_uris ?? []) as string[],
    scopes,
    ...(certificate === undefined ? {} : { tlsSubjectDn: certificate.subjectDn }),
    ...(body.jwks === undefined ? {} : { jwks: body.jwks as NonNullable<Parameters<typeof deps.authz.clients.create>[0]['jwks']> }),
  })
  return { ...describe(created), ...(certificate === undefined ? {} : { tls_client_auth_subject_dn: certificate.subjectDn, certificate: certificate.certificatePem, serial: certificate.serial, ...(certificate.keyPem === undefined ? {} : { private_key: certificate.keyPem }) }) }
}

/** The subject is ours, not the request's: whoever may name a subject could name another client's (RFC 8705 §2.1). */
async function certify (sandboxId: SandboxId, { csr, certificate }: Pick<NewClientBody, 'csr' | 'certificate'>, { authority, certificates, certificateLifetimeMs }: ClientRoutesDeps): Promise<{ readonly subjectDn: string, readonly certificatePem: string, readonly serial: string, readonly keyPem?: string }> {
  if (certificate !== undefined) {
    const kept = await certificates.find(certificate)
    if (kept === undefined || kept.sandbox !== sandboxId || csr !== undefined) throw new ClientRefused('certificate is the serial number of a certificate of this sandbox, and stands without csr')
    return { subjectDn: kept.subject, certificatePem: kept.certificate, serial: kept.serial }
  }
  const subject = { commonName: randomId('cert'), organization: sandboxId }
  const issued = csr === undefined
    ? await authority.issueClientCertificate({ ...subject, lifetimeMs: certificateLifetimeMs })
    : await authority.issueFromRequest(csr, { subject, lifetimeMs: certificateLifetimeMs })
  await certificates.remember(sandboxId, { ...issued, kind: 'client', key: csr === undefined ? 'ec-p256' : 'request', order: { ...subject, names: [], psd2: null } })
  return issued
}

function describe (client: CreatedClient) {
  return {
    client_id: client.clientId,
    name: client.name,
    token_endpoint_auth_method: client.authMethod,
    grant_types: [...client.grants],
    redirect_uris: [...client.redirectUris],
    scope: client.scopes.join(' '),
    ...(client.clientSecret === undefined ? {} : { client_secret: client.clientSecret.reveal() }),
  }
}
