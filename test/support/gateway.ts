import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, request, type Dispatcher } from 'undici'
import { startGateway, type CompositionOverrides, type Gateway } from '../../gateway/index.ts'
import type { Secret } from '../../kernel/index.ts'
import type { NewSandbox } from '../../gateway/control/index.ts'

/** A whole installation on free loopback ports, with a store of its own, and clients to call it over real TLS. */
export interface TestGateway {
  readonly gateway: Gateway
  readonly publicUrl: string
  readonly mtlsUrl: string
  readonly opsUrl: string
  readonly authorityPem: string
  readonly operatorToken: string
  readonly directory: string
  /** Log lines so far. */
  readonly logLines: string[]
  readonly newSandbox: (options?: { readonly account?: string, readonly name?: string }) => Promise<SecretSandbox>
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<Answer>
  /** A token by client_credentials: over mutual TLS with the sandbox's certificate, or on the public door with its secret. */
  readonly tokenFor: (sandbox: NewSandbox, options?: { readonly door?: 'public' | 'mtls', readonly scope?: string, readonly resource?: string }) => Promise<string>
  readonly stop: () => Promise<void>
}

/** A sandbox whose first client has a secret, as every profile but FAPI's gives it. */
export type SecretSandbox = NewSandbox & { readonly client: { readonly secret: Secret } }

export interface CallOptions {
  readonly door?: 'public' | 'mtls'
  /** Presents this sandbox's certificate, or this pair. */
  readonly certificate?: NewSandbox | { readonly certificatePem: string, readonly keyPem: string }
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON, a string or Buffer as it is. */
  readonly body?: object | string | Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  readonly requestId: string
  // Answers are read by the tests that know their shape.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any
}

/** `settings` are paths of the configuration: `{ 'limits.client.limit': 5 }`. */
export async function startTestGateway (settings: Readonly<Record<string, unknown>> = {}, options: CompositionOverrides & { readonly file?: string, readonly directory?: string } = {}): Promise<TestGateway> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'sandgate-'))
  const [publicPort, mtlsPort, opsPort] = await freePorts(3)
  const logLines: string[] = []
  const all = { var_directory: directory, 'listen.public.port': publicPort, 'listen.mtls.port': mtlsPort, 'listen.ops.port': opsPort, 'listen.shutdown_grace': '2s', ...settings }
  const gateway = await startGateway(
    { environment: {}, ...(options.file === undefined ? {} : { file: options.file }), overrides: Object.entries(all).map(([path, value]) => ({ path, value })) },
    { logStream: { write: (line) => { logLines.push(line) } }, ...options },
  )
  const { origins, authority, sandboxes, material } = gateway.composition
  const agents = new Map<string, Agent>()
  const agentOf = (certificate: CallOptions['certificate']): Dispatcher => {
    const pair = certificate === undefined ? undefined : 'sandbox' in certificate ? { cert: certificate.mtlsClient.certificatePem, key: certificate.mtlsClient.privateKeyPem.reveal() } : { cert: certificate.certificatePem, key: certificate.keyPem }
    const known = agents.get(pair?.cert ?? '')
    if (known !== undefined) return known
    const agent = new Agent({ connect: { ca: authority.certificatePem, ...pair } })
    agents.set(pair?.cert ?? '', agent)
    return agent
  }
  const call: TestGateway['call'] = async (method, path, { door = 'public', certificate, token, headers = {}, body } = {}) => {
    const isPlain = typeof body === 'string' || Buffer.isBuffer(body)
    const answer = await request(new URL(path, door === 'mtls' ? origins.mtlsOrigin : origins.publicOrigin), {
      method,
      dispatcher: agentOf(certificate),
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined || isPlain ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: isPlain ? body : JSON.stringify(body) }),
    })
    const text = await answer.body.text()
    return { status: answer.statusCode, headers: answer.headers, text, requestId: String(answer.headers['x-request-id'] ?? ''), json: parse(text) }
  }
  return {
    gateway,
    publicUrl: origins.publicOrigin,
    mtlsUrl: origins.mtlsOrigin,
    opsUrl: origins.opsOrigin,
    authorityPem: authority.certificatePem,
    operatorToken: material.operatorToken.reveal(),
    directory,
    logLines,
    call,
    newSandbox: async (wanted = {}) => {
      const created = await sandboxes.create(wanted)
      if (created === undefined) throw new Error('the account has no room for another sandbox')
      const { secret } = created.client
      if (secret === undefined) throw new Error('the profile has no method with a secret: ask composition.sandboxes')
      return { ...created, client: { ...created.client, secret } }
    },
    tokenFor: async (sandbox, { door = 'mtls', scope = 'payments:read payments:write', resource } = {}) => {
      const form = new URLSearchParams({ grant_type: 'client_credentials', scope, ...(resource === undefined ? {} : { resource }) })
      const basic = Buffer.from(`${sandbox.client.id}:${sandbox.client.secret?.reveal() ?? ''}`).toString('base64')
      if (door === 'mtls') form.set('client_id', sandbox.mtlsClient.id)
      const answer = await call('POST', '/oauth/token', {
        door,
        ...(door === 'mtls' ? { certificate: sandbox } : {}),
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...(door === 'mtls' ? {} : { authorization: `Basic ${basic}` }) },
        body: form.toString(),
      })
      if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${answer.text}`)
      return (answer.json as { access_token: string }).access_token
    },
    stop: async () => {
      await Promise.all([...agents.values()].map(async (agent) => await agent.close()))
      await gateway.stop()
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Ports that were free a moment ago. */
export async function freePorts (count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => await new Promise<ReturnType<typeof createServer>>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
  })))
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port)
  await Promise.all(servers.map(async (server) => await new Promise((resolve) => server.close(resolve))))
  return ports
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
