import { CLIENTS_MAX, ClientQuotaExceeded, ClientRefused, joinMetadata, splitMetadata, type AuthorizationServer, type ClientView, type CreatedClient } from '../../authz/index.ts'
import { CertificateRequestRefused, type Authority } from '../../certs/index.ts'
import { randomId, type JsonObject, type SandboxId } from '../../kernel/index.ts'
import { ChangeClient, CreateClient, metadataOf, readLifetimes, readOverlapMs, RotateSecret, type CreateClientBody } from './client-body.ts'
import type { IssuedCertificates } from './issued-certificates.ts'
import { developerRoute, done, NOT_FOUND, refused, type ControlAnswer, type ControlRequest, type ControlRoute } from './route.ts'

/** What developers' clients are made of. */
export interface ClientRoutesDeps {
  readonly authz: Pick<AuthorizationServer, 'clients'>
  readonly authority: Pick<Authority, 'issueClientCertificate' | 'issueFromRequest'>
  readonly certificates: Pick<IssuedCertificates, 'remember' | 'find'>
  readonly certificateLifetimeMs: number
  readonly defaultScopes: readonly string[]
}

/** A sandbox's own OAuth clients, with every authentication method and all metadata that production has. */
export function clientRoutes (deps: ClientRoutesDeps): readonly ControlRoute[] {
  const { clients } = deps.authz
  const own = <Body>(handle: (client: ClientView, body: Body) => Promise<ControlAnswer> | ControlAnswer) =>
    async (sandboxId: SandboxId, { parameters, body }: Pick<ControlRequest, 'parameters'> & { readonly body: Body }): Promise<ControlAnswer> => {
      const client = await clients.get(parameters['id'] ?? '')
      return client === undefined || client.sandboxId !== sandboxId ? NOT_FOUND : await handle(client, body)
    }
  return [
    developerRoute({ method: 'POST', path: '/sandbox/clients', operationId: 'createClient', summary: 'Registers an OAuth client; its secret, or its key and certificate, are shown this once.', body: CreateClient }, async (sandboxId, { body }) =>
      await explainRefusals(async () => await createClient(sandboxId, body, deps))),
    developerRoute({ method: 'GET', path: '/sandbox/clients', operationId: 'listClients', summary: 'The sandbox\'s clients, also those that registered themselves.' }, async (sandboxId) =>
      done(200, { data: (await clients.list(sandboxId)).map(describe) })),
    developerRoute({ method: 'GET', path: '/sandbox/clients/{id}', operationId: 'getClient', summary: 'One client, with all its metadata and nothing of its secret.' }, own((client) => done(200, describe(client)))),
    developerRoute({ method: 'PATCH', path: '/sandbox/clients/{id}', operationId: 'changeClient', summary: 'Changes a client; works at once. A client that now needs a secret gets one, shown this once.', body: ChangeClient }, own(async (client, body) =>
      await explainRefusals(async () => {
        const { lifetimes: given, headless_login: isHeadless } = body
        const lifetimes = readLifetimes(given)
        if (lifetimes.kind === 'refused') return lifetimes
        const changed = await clients.update(client.clientId, {
          metadata: metadataOf(body),
          ...(given === undefined ? {} : { lifetimes: lifetimes.lifetimes }),
          ...(isHeadless === undefined ? {} : { isHeadless }),
        })
        return changed === undefined ? NOT_FOUND : done(200, describe(changed))
      }))),
    developerRoute({ method: 'DELETE', path: '/sandbox/clients/{id}', operationId: 'deleteClient', summary: 'Removes a client; its tokens stop at once.' }, own(async ({ clientId }) => {
      await clients.delete(clientId)
      return done(204)
    })),
    developerRoute({ method: 'POST', path: '/sandbox/clients/{id}/secret', operationId: 'rotateClientSecret', summary: 'Gives a client a new secret, shown this once; the old one works until the overlap ends.', body: RotateSecret }, own(async (client, { overlap }) => {
      const overlapMs = readOverlapMs(overlap)
      if (overlapMs === undefined) return refused('request_invalid', 'overlap is a duration of at most 30d, such as 24h; 0s ends the old secret at once.', ['/overlap'])
      const rotated = await clients.rotateSecret(client.clientId, overlapMs)
      return rotated === undefined ? refused('request_invalid', `The client authenticates by ${client.authMethod} and has no secret.`) : done(200, describe(rotated))
    })),
  ]
}

async function createClient (sandboxId: SandboxId, body: CreateClientBody, deps: ClientRoutesDeps): Promise<ControlAnswer> {
  const lifetimes = readLifetimes(body.lifetimes)
  if (lifetimes.kind === 'refused') return lifetimes
  const facts = splitMetadata({ grant_types: [body.token_endpoint_auth_method === 'none' ? 'authorization_code' : 'client_credentials'], scope: deps.defaultScopes.join(' '), ...metadataOf(body) })
  if (facts.name === '') throw new ClientRefused('name is needed', { member: 'client_name' })
  if ((await deps.authz.clients.list(sandboxId)).length >= CLIENTS_MAX) throw new ClientQuotaExceeded(`a sandbox has at most ${CLIENTS_MAX} clients`)
  const certificate = await certify(sandboxId, body, deps)
  const created = await deps.authz.clients.create({
    ...facts,
    sandboxId,
    lifetimes: lifetimes.lifetimes,
    isHeadless: body.headless_login === true,
    maximum: CLIENTS_MAX,
    ...(certificate === undefined ? {} : { tlsSubjectDn: certificate.subjectDn }),
  })
  return done(201, {
    ...describe(created),
    ...(certificate === undefined ? {} : { certificate: certificate.certificatePem, serial: certificate.serial, ...(certificate.keyPem === undefined ? {} : { private_key: certificate.keyPem }) }),
  })
}

const SUBJECTS = ['tls_client_auth_subject_dn', 'tls_client_auth_san_dns', 'tls_client_auth_san_uri', 'tls_client_auth_san_ip', 'tls_client_auth_san_email']

interface ClientCertificate { readonly subjectDn: string, readonly certificatePem: string, readonly serial: string, readonly keyPem?: string }

/**
 * The certificate of a client of `tls_client_auth` that names no subject of its own: one that the sandbox has, or a new one. A new
 * one's subject is ours, not the request's: whoever may name a subject could name another client's (RFC 8705 §2.1).
 */
async function certify (sandboxId: SandboxId, body: CreateClientBody, { authority, certificates, certificateLifetimeMs }: ClientRoutesDeps): Promise<ClientCertificate | undefined> {
  const { csr, certificate } = body
  const named = SUBJECTS.find((member) => Object.hasOwn(body, member))
  if (body.token_endpoint_auth_method !== 'tls_client_auth' || named !== undefined) {
    if (csr !== undefined || certificate !== undefined) throw new ClientRefused(`csr and certificate are for tls_client_auth, and stand without ${named ?? 'a subject of your own'}`, { member: csr === undefined ? 'certificate' : 'csr' })
    return undefined
  }
  if (certificate !== undefined) {
    const kept = await certificates.find(certificate)
    if (kept === undefined || kept.sandbox !== sandboxId || csr !== undefined) throw new ClientRefused('certificate is the serial number of a certificate of this sandbox, and stands without csr', { member: 'certificate' })
    return { subjectDn: kept.subject, certificatePem: kept.certificate, serial: kept.serial }
  }
  const subject = { commonName: randomId('cert'), organization: sandboxId }
  const issued = csr === undefined
    ? await authority.issueClientCertificate({ ...subject, lifetimeMs: certificateLifetimeMs })
    : await authority.issueFromRequest(csr, { subject, lifetimeMs: certificateLifetimeMs })
  await certificates.remember(sandboxId, { ...issued, kind: 'client', key: csr === undefined ? 'ec-p256' : 'request', order: { ...subject, names: [], psd2: null } })
  return issued
}

async function explainRefusals (work: () => Promise<ControlAnswer>): Promise<ControlAnswer> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ClientRefused) return refused('request_invalid', `${error.message}.`, error.member === undefined ? undefined : [`/${error.member === 'client_name' ? 'name' : error.member}`])
    if (error instanceof ClientQuotaExceeded) return refused('quota_exceeded', `A sandbox has at most ${CLIENTS_MAX} clients.`)
    if (error instanceof CertificateRequestRefused) return refused('request_invalid', error.message, ['/csr'])
    throw error
  }
}

function describe (client: CreatedClient): JsonObject {
  const { client_name: name, ...metadata } = joinMetadata(client)
  const { accessTokenMs, idTokenMs, refreshTokenMs } = client.lifetimes ?? {}
  const seconds = Object.entries({ access_token: accessTokenMs, id_token: idTokenMs, refresh_token: refreshTokenMs }).flatMap(([token, ms]) => ms === undefined ? [] : [[token, `${ms / 1000}s`]])
  return {
    client_id: client.clientId,
    name: name ?? '',
    ...metadata,
    ...(seconds.length === 0 ? {} : { lifetimes: Object.fromEntries(seconds) as JsonObject }),
    ...(client.isHeadless === true ? { headless_login: true } : {}),
    created_at: new Date(client.createdAtMs).toISOString(),
    registered_itself: client.isSelfRegistered,
    ...(client.formerSecretUntilMs === undefined ? {} : { former_client_secret_expires_at: new Date(client.formerSecretUntilMs).toISOString() }),
    ...(client.clientSecret === undefined ? {} : { client_secret: client.clientSecret.reveal() }),
  }
}
