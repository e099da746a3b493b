import { createPublicKey, sign, type JsonWebKey } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { startGateway, type Gateway } from '../gateway/index.ts'
import type { CertificatePair, Materials, ProfileOrder } from './protocol.ts'

/**
 * Our contender, a process of its own: the shipped configuration with every stage running, limits far above any load. It also
 * makes what the others need to serve the same callers: certificates, tokens and the key that signs them.
 */
const MORE_THAN_ANY_LOAD = 1_000_000_000
const [directory = '', publicPort, mtlsPort, opsPort, tokenCount = '256', ...settings] = process.argv.slice(2)

process.on('disconnect', () => process.exit(0))
const limits = ['address', 'client', 'token'].flatMap((name) => [
  { path: `limits.${name}.limit`, value: MORE_THAN_ANY_LOAD },
  { path: `limits.${name}.burst`, value: MORE_THAN_ANY_LOAD },
])
const gateway = await startGateway({
  environment: {},
  overrides: [
    { path: 'var_directory', value: join(directory, 'var') },
    { path: 'listen.public.port', value: Number(publicPort) },
    { path: 'listen.mtls.port', value: Number(mtlsPort) },
    { path: 'listen.ops.port', value: Number(opsPort) },
    { path: 'listen.shutdown_grace', value: '2s' },
    { path: 'tls.minimum_version', value: 'TLSv1.3' },
    { path: 'apis.0.require_bound_tokens', value: true },
    ...limits,
    ...settings.map(readSetting),
  ],
})
writeFileSync(join(directory, 'materials.json'), JSON.stringify(await makeMaterials(gateway)), { mode: 0o600 })
process.on('message', (message: ProfileOrder) => {
  profile(message).then(() => process.send?.({ kind: 'profiled' }), (error: unknown) => process.send?.({ kind: 'failed', problem: String(error) }))
})
process.send?.({ kind: 'ready' })

/** `path=value`; the value as JSON where it is that. */
function readSetting (text: string): { path: string, value: unknown } {
  const split = text.indexOf('=')
  const value = text.slice(split + 1)
  try {
    return { path: text.slice(0, split), value: JSON.parse(value) as unknown }
  } catch {
    return { path: text.slice(0, split), value }
  }
}

/** From inside, so that neither start-up nor warm-up is in it. */
async function profile ({ seconds, file }: ProfileOrder): Promise<void> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 200 })
  await session.post('Profiler.start')
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const { profile: taken } = await session.post('Profiler.stop')
  session.disconnect()
  writeFileSync(file, JSON.stringify(taken))
}

async function makeMaterials ({ composition: { sandboxes, authority, material, origins } }: Gateway): Promise<Materials> {
  const [sandbox, stranger] = [await sandboxes.create({ name: 'bench' }), await sandboxes.create({ name: 'stranger' })]
  if (sandbox === undefined || stranger === undefined) throw new Error('no sandbox for the bench')
  const pairOf = ({ mtlsClient }: typeof sandbox): CertificatePair => ({ certificatePem: mtlsClient.certificatePem, keyPem: mtlsClient.privateKeyPem.reveal() })
  const client = pairOf(sandbox)
  const agent = new Agent({ connections: 8, connect: { ca: authority.certificatePem, cert: client.certificatePem, key: client.keyPem } })
  const ask = async (path: string, headers: Record<string, string>, body: string): Promise<Record<string, unknown>> => {
    const answer = await request(`${origins.mtlsOrigin}${path}`, { dispatcher: agent, method: 'POST', headers, body })
    const text = await answer.body.text()
    if (answer.statusCode >= 300) throw new Error(`${path} answered ${answer.statusCode}: ${text}`)
    return JSON.parse(text) as Record<string, unknown>
  }
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope: 'payments:read payments:write', client_id: sandbox.mtlsClient.id }).toString()
  const tokens: string[] = []
  while (tokens.length < Number(tokenCount)) tokens.push(String((await ask('/oauth/token', { 'content-type': 'application/x-www-form-urlencoded' }, form))['access_token']))
  const customer = await ask('/v1/customers', { 'content-type': 'application/json', authorization: `Bearer ${tokens[0]!}` }, JSON.stringify({ name: 'Ada Example', email: 'ada@example.test', description: 'Pays by card each month', metadata: { plan: 'professional', team: 'north', since: '2019' } }))
  await agent.close()
  const signingKey = material.signingKeys[0]!
  const server = await authority.issueServerCertificate({ hosts: ['localhost', '127.0.0.1'], lifetimeMs: 86_400_000 })
  const file = (name: string, text: string): string => {
    mkdirSync(join(directory, 'pem'), { recursive: true })
    writeFileSync(join(directory, 'pem', name), text, { mode: 0o600 })
    return join(directory, 'pem', name)
  }
  const publicKey = createPublicKey({ key: signingKey, format: 'jwk' })
  const claims = JSON.parse(Buffer.from(tokens[0]!.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>
  return {
    directory,
    issuer: String(claims['iss']),
    audience: String(claims['aud']),
    authorityFile: file('authority.pem', authority.certificatePem),
    serverCertificateFile: file('server.pem', server.certificatePem),
    serverKeyFile: file('server-key.pem', server.keyPem),
    serverBundleFile: file('server-bundle.pem', `${server.certificatePem.trim()}\n${server.keyPem}`),
    issuerKeyFile: file('issuer.pem', publicKey.export({ type: 'spki', format: 'pem' }).toString()),
    client,
    otherClient: pairOf(stranger),
    tokens,
    bad: makeBadTokens(tokens[0]!, claims, signingKey),
    customerPath: `/v1/customers/${String(customer['id'])}`,
    customer: JSON.stringify(customer),
  }
}

function makeBadTokens (token: string, claims: Record<string, unknown>, key: JsonWebKey): Materials['bad'] {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = (changed: Record<string, unknown>): string => {
    const input = `${header}.${encode({ ...claims, ...changed })}`
    return `${input}.${sign('sha256', Buffer.from(input), { key, format: 'jwk', dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  const nowS = Math.floor(Date.now() / 1000)
  return {
    tampered: `${header}.${payload}.${signature.slice(0, 20)}${signature[20] === 'A' ? 'B' : 'A'}${signature.slice(21)}`,
    expired: signed({ iat: nowS - 7200, exp: nowS - 3600 }),
    wrongAudience: signed({ aud: 'https://somebody-else.example' }),
    unsigned: `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
  }
}
