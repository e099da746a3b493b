import { join } from 'node:path'
import { Agent, request } from 'undici'
import type { Terminal } from './terminal.ts'

/** Where the control API is and what opens it. */
export interface ControlAccess {
  readonly url: string
  readonly key: string | undefined
  readonly authorityPem: string | undefined
}

export interface ControlReply { readonly status: number, readonly body: unknown }

interface Manifest { readonly sandboxKey: string }

/**
 * Finds the way to an installation: flags, then SANDGATE_URL, SANDGATE_KEY and SANDGATE_CA, then the quickstart files that
 * `sandgate start` writes.
 */
export function findAccess (as: 'developer' | 'operator', flags: { readonly url?: string, readonly ca?: string, readonly directory: string }, terminal: Terminal): ControlAccess {
  const { environment, readText } = terminal
  const manifest = readText(join(flags.directory, 'sandbox.json'))
  const kept = as === 'operator' ? readText(join(flags.directory, 'operator-token'))?.trim() : manifest === undefined ? undefined : (JSON.parse(manifest) as Manifest).sandboxKey
  return {
    url: flags.url ?? environment['SANDGATE_URL'] ?? /^PUBLIC='([^']*)'$/m.exec(readText(join(flags.directory, 'env')) ?? '')?.[1] ?? 'https://localhost:8443',
    key: environment['SANDGATE_KEY'] ?? kept,
    authorityPem: readText(flags.ca ?? environment['SANDGATE_CA'] ?? join(flags.directory, 'ca.pem')),
  }
}

/** Says why a call got no answer, and what to do. */
export function explainFailure (error: unknown, access: ControlAccess): string {
  const { code = '', message = String(error) } = error as { readonly code?: string, readonly message?: string }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `The certificate at ${access.url} is not for that name: ${message}. Use the name that the installation calls itself (listen.public_host).`
  if (code.includes('CERT') || code.includes('SIGNATURE')) return `The certificate at ${access.url} is not trusted: ${message}. Give its CA with --ca or SANDGATE_CA; a development CA is ca.pem among the quickstart files of that installation.`
  if (error instanceof ForeignAnswer) return `What answers at ${access.url} is not Sandgate's public door: ${message}.`
  return `Nothing answers at ${access.url}: ${message}. Is \`sandgate start\` running there? Another address is given with --url or SANDGATE_URL.`
}

/** Calls the control API. Rejects when nothing answers, or what answers cannot be trusted. */
export async function callControl (access: ControlAccess, method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<ControlReply> {
  const dispatcher = new Agent({ connect: access.authorityPem === undefined ? {} : { ca: access.authorityPem } })
  try {
    const answer = await request(new URL(path, access.url), {
      method,
      dispatcher,
      headers: { authorization: `Bearer ${access.key ?? ''}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.body.text()
    return { status: answer.statusCode, body: text === '' ? undefined : parseAnswer(text, answer.statusCode) }
  } finally {
    await dispatcher.close()
  }
}

/** Fetches what is served without credentials, as it is. Rejects as `callControl` does. */
export async function fetchPublic (access: ControlAccess, path: string): Promise<{ readonly status: number, readonly bytes: Buffer }> {
  const dispatcher = new Agent({ connect: access.authorityPem === undefined ? {} : { ca: access.authorityPem } })
  try {
    const answer = await request(new URL(path, access.url), { dispatcher })
    return { status: answer.statusCode, bytes: Buffer.from(await answer.body.arrayBuffer()) }
  } finally {
    await dispatcher.close()
  }
}

/** An answer that is no JSON is not one of the control API: another server is at that address, or a proxy in between. */
class ForeignAnswer extends Error {
  override readonly name = 'ForeignAnswer'
}

function parseAnswer (text: string, status: number): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ForeignAnswer(`HTTP ${status} and no JSON`, { cause })
  }
}
