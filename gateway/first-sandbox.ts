import { X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/index.ts'
import type { Secret } from '../kernel/index.ts'
import type { Composition, Origins } from './compose.ts'

/** The sandbox that an installation starts with, and where its files are. */
export interface FirstSandbox {
  readonly directory: string
  readonly sandboxId: string
  readonly sandboxKey: string
  readonly client: { readonly id: string, readonly authMethod: string, readonly secret?: string }
  readonly mtlsClientId: string
  readonly testUsers: readonly string[]
  readonly files: { readonly authority: string, readonly certificate: string, readonly key: string }
}

type FirstSandboxParts = Pick<Composition, 'sandboxes' | 'authority' | 'certificates' | 'material' | 'origins' | 'clock'>

const MANIFEST = 'sandbox.json'
/** The first client's private key, where it authenticates by one. */
export const CLIENT_KEY = 'client.jwk.json'
const PRIVATE = { mode: 0o600 }

/**
 * Makes the first sandbox of a development installation and writes its credentials to `var/quickstart`, so that a person has
 * something to call with a minute after installing. In production none is made.
 */
export async function openFirstSandbox (config: Config, composition: FirstSandboxParts): Promise<FirstSandbox | undefined> {
  const { sandboxes, authority, material, origins } = composition
  if (config.production) return undefined
  const directory = join(config.varDirectory, 'quickstart')
  const manifest = join(directory, MANIFEST)
  if (existsSync(manifest)) {
    const kept = JSON.parse(readFileSync(manifest, 'utf8')) as FirstSandbox
    if (await sandboxes.get(kept.sandboxId) !== undefined) {
      await renewWhenDue(kept, config, composition)
      writeEnvironment(kept, origins, material.operatorToken)
      return kept
    }
  }
  const created = await sandboxes.create({ account: 'acc_development', name: 'First sandbox' })
  if (created === undefined) return undefined
  const files = { authority: join(directory, 'ca.pem'), certificate: join(directory, 'client.pem'), key: join(directory, 'client.key') }
  const first: FirstSandbox = {
    directory,
    sandboxId: created.sandbox.id,
    sandboxKey: created.key.reveal(),
    client: { id: created.client.id, authMethod: created.client.authMethod, ...(created.client.secret === undefined ? {} : { secret: created.client.secret.reveal() }) },
    mtlsClientId: created.mtlsClient.id,
    testUsers: created.testUsers,
    files,
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(files.authority, authority.certificatePem)
  writeFileSync(files.certificate, created.mtlsClient.certificatePem)
  writeFileSync(files.key, created.mtlsClient.privateKeyPem.reveal(), PRIVATE)
  if (created.client.privateJwk !== undefined) writeFileSync(join(directory, CLIENT_KEY), created.client.privateJwk.reveal(), PRIVATE)
  writeFileSync(join(directory, 'operator-token'), material.operatorToken.reveal(), PRIVATE)
  writeFileSync(manifest, JSON.stringify(first, null, 2), PRIVATE)
  writeEnvironment(first, origins, material.operatorToken)
  return first
}

const RENEW_BEFORE_MS = 86_400_000

/** Certificates are short-lived, and what was pasted last week should work today: with the same subject the client stays the same. */
async function renewWhenDue ({ sandboxId, files }: FirstSandbox, config: Config, { sandboxes, authority, certificates, clock }: FirstSandboxParts): Promise<void> {
  if (!existsSync(files.certificate)) return
  const endsMs = new X509Certificate(readFileSync(files.certificate)).validToDate.getTime()
  const organization = (await sandboxes.get(sandboxId))?.account
  if (organization === undefined || endsMs - clock.nowMs() > Math.min(RENEW_BEFORE_MS, config.sandboxes.certificateLifetimeMs / 2)) return
  const renewed = await authority.issueClientCertificate({ commonName: sandboxId, organization, lifetimeMs: config.sandboxes.certificateLifetimeMs })
  await certificates.remember(sandboxId, { ...renewed, kind: 'client', key: 'ec-p256', order: { commonName: sandboxId, organization, names: [], psd2: null } })
  writeFileSync(files.authority, authority.certificatePem)
  writeFileSync(files.certificate, renewed.certificatePem)
  writeFileSync(files.key, renewed.keyPem, PRIVATE)
}

/** A file to source in a shell, so that commands in the README and the quickstart can be short and work as they stand. */
function writeEnvironment (first: FirstSandbox, { publicOrigin, mtlsOrigin, opsOrigin }: Origins, operatorToken: Secret): void {
  const { authority, certificate, key } = first.files
  const lines = Object.entries({
    PUBLIC: publicOrigin,
    MTLS: mtlsOrigin,
    OPS: opsOrigin,
    CA: authority,
    CERT: certificate,
    KEY: key,
    CLIENT_ID: first.client.id,
    ...(first.client.secret === undefined ? {} : { CLIENT_SECRET: first.client.secret }),
    MTLS_CLIENT_ID: first.mtlsClientId,
    SANDBOX_KEY: first.sandboxKey,
    OPERATOR_TOKEN: operatorToken.reveal(),
  }).map(([name, value]) => `${name}='${value.replaceAll('\'', '\'\\\'\'')}'`)
  writeFileSync(join(first.directory, 'env'), `${lines.join('\n')}\n`, PRIVATE)
}
