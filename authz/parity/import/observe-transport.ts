import { isJsonObject, type JsonObject } from '../../../kernel/index.ts'
import { tryHandshake } from '../probe/handshake.ts'
import { httpUrl } from './import-paths.ts'
import type { SeenTransport } from './source.ts'

const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const

/** Looks at TLS where tokens are fetched, and at the mutual-TLS alias of that where there is one; nothing is sent but handshakes. */
export async function observeTransport (metadata: JsonObject): Promise<readonly SeenTransport[]> {
  const aliases = metadata['mtls_endpoint_aliases']
  const places = [
    ['token_endpoint', httpUrl(metadata['token_endpoint']) ?? httpUrl(metadata['issuer'])] as const,
    ['mtls_endpoint_aliases.token_endpoint', isJsonObject(aliases) ? httpUrl(aliases['token_endpoint']) : undefined] as const,
  ]
  const seen: SeenTransport[] = []
  for (const [member, url] of places) {
    if (url?.protocol === 'https:' && !seen.some(({ host }) => host === url.host)) seen.push(await observe(member, url))
  }
  return seen
}

async function observe (member: string, url: URL): Promise<SeenTransport> {
  const at = { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 443 : Number(url.port) }
  const usual = await tryHandshake({ ...at, alpn: ['http/1.1'] })
  const versions: string[] = []
  for (const version of usual === undefined ? [] : VERSIONS) if (await tryHandshake({ ...at, version }) !== undefined) versions.push(version)
  return { member, host: url.host, versions, cipher: usual?.cipher ?? '', key: usual?.key ?? '', asksForCertificate: usual?.asksForCertificate ?? false }
}
