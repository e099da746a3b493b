import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { NewSandbox } from '../../gateway/control/index.ts'
import { startTestGateway, type TestGateway } from './gateway.ts'

/** What a developer is given when a client is registered, this once. */
export interface RegisteredClient {
  readonly id: string
  readonly method: string
  readonly secret?: string
  /** PEM, for `tls_client_auth`. */
  readonly certificate?: string
  readonly private_key?: string
}

/** An installation with one sandbox, for clients that others wrote: they know an issuer, an authority's file and their credentials. */
export interface ForeignWorld {
  readonly sandgate: TestGateway
  readonly sandbox: NewSandbox
  readonly caFile: string
  /** Registers a client as a developer does, over the control API. */
  readonly register: (method: string, metadata?: object) => Promise<RegisteredClient>
  /** Keeps something in a file that ends with the test. */
  readonly keep: (name: string, content: string | Uint8Array) => string
  /** The explanations that the owner reads of a client's refused requests, oldest first, as text; `filter` is another query of the list. */
  readonly explanationsOf: (clientId: string, filter?: string) => Promise<readonly string[]>
}

export async function openForeignWorld (t: Test, settings: Readonly<Record<string, unknown>> = {}): Promise<ForeignWorld> {
  const sandgate = await startTestGateway(settings)
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.gateway.composition.sandboxes.create({})
  if (sandbox === undefined) throw new Error('there is no room for a sandbox')
  const token = sandbox.key.reveal()
  const keep: ForeignWorld['keep'] = (name, content) => {
    const path = join(sandgate.directory, name)
    writeFileSync(path, content, { mode: 0o600 })
    return path
  }
  return {
    sandgate,
    sandbox,
    keep,
    caFile: keep('foreign-ca.pem', sandgate.authorityPem),
    register: async (method, metadata = {}) => {
      const { status, json, text } = await sandgate.call('POST', '/sandbox/clients', { token, body: { name: method, token_endpoint_auth_method: method, ...metadata } })
      if (status !== 201) throw new Error(text)
      const { client_id: id, client_secret: secret, certificate, private_key: privateKey } = json as Record<string, string | undefined>
      return { id: id ?? '', method, ...(secret === undefined ? {} : { secret }), ...(certificate === undefined ? {} : { certificate }), ...(privateKey === undefined ? {} : { private_key: privateKey }) }
    },
    explanationsOf: async (clientId, filter = 'status=4xx') => {
      const { json } = await sandgate.call('GET', `/sandbox/requests?client_id=${clientId}&${filter}`, { token })
      const ids = (json.data as ReadonlyArray<{ readonly id: string }>).map(({ id }) => id).reverse()
      return await Promise.all(ids.map(async (id) => JSON.stringify((await sandgate.call('GET', `/sandbox/requests/${id}`, { token })).json.explanation)))
    },
  }
}
