import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { importJWK, SignJWT, type JWK } from 'jose'
import { Pool } from 'undici'
import { findProgram } from './machine.ts'
import { createMachinery, type Running } from './processes.ts'

/** What a server of the token bench tells of itself. */
export interface TokenMaterials {
  readonly issuer: string
  readonly authorityPem: string
  readonly signer: { readonly endpoint: string, readonly clientId: string, readonly privateJwk: JWK }
  readonly holder: { readonly endpoint: string, readonly clientId: string, readonly certificatePem: string, readonly keyPem: string }
  readonly scope: string
}

/**
 * `npm run bench:tokens`: tokens by client_credentials with private_key_jwt and tls_client_auth, and full TLS handshakes with a
 * client certificate, Sandgate beside bare oidc-provider in the same run. Rounds are interleaved; CPU is the server's own.
 */
const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '6' }, requests: { type: 'string', default: '1500' }, connections: { type: 'string', default: '16' } } })
const [rounds, requests, connections] = [Number(options.rounds), Number(options.requests), Number(options.connections)]
const ROLES = ['sandgate', 'bare'] as const
type Role = typeof ROLES[number]
interface Contestant { readonly role: Role, readonly running: Running, readonly materials: TokenMaterials }
interface Sample { readonly cpuMicros: number, readonly perSecond: number }

const here = fileURLToPath(new URL('.', import.meta.url))
mkdirSync(join(here, '.cache'), { recursive: true })
const directory = mkdtempSync(join(here, '.cache', 'tokens-'))
const machinery = createMachinery({ directory, taskset: findProgram('taskset'), setpriv: findProgram('setpriv'), lifetimeS: 3600 })
try {
  const contestants: Contestant[] = []
  for (const role of ROLES) contestants.push(await open(role))
  for (const [title, measure] of [['private_key_jwt', measureSigned], ['tls_client_auth', measureHeld], ['full handshake with a client certificate', measureHandshakes]] as const) {
    const samples = new Map<Role, Sample[]>(ROLES.map((role) => [role, []]))
    for (const contestant of contestants) await measure(contestant)
    for (let round = 0; round < rounds; round++) {
      for (const contestant of round % 2 === 0 ? contestants : [...contestants].reverse()) samples.get(contestant.role)?.push(await measure(contestant))
    }
    report(title, samples)
  }
} finally {
  await machinery.stopAll()
  rmSync(directory, { recursive: true, force: true })
}

async function open (role: Role): Promise<Contestant> {
  const ports = [await machinery.freePort(), await machinery.freePort(), await machinery.freePort()]
  const running = await machinery.startNode({ file: './serve-tokens.ts', args: [role, directory, ...ports.map(String)] })
  return { role, running, materials: JSON.parse(readFileSync(join(directory, `${role}.json`), 'utf8')) as TokenMaterials }
}

async function usageOf ({ running: { child } }: Contestant): Promise<number> {
  const answer = new Promise<{ user: number, system: number }>((resolve) => { child.once('message', (message) => resolve(message as { user: number, system: number })) })
  child.send('usage')
  const { user, system } = await answer
  return user + system
}

async function measureBodies (contestant: Contestant, endpoint: string, connection: object, bodies: readonly string[]): Promise<Sample> {
  const { origin, pathname } = new URL(endpoint)
  const pool = new Pool(origin, { connections, connect: { ca: contestant.materials.authorityPem, ...connection } })
  const send = async (body: string): Promise<void> => {
    const answer = await pool.request({ method: 'POST', path: pathname, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body })
    const text = await answer.body.text()
    if (answer.statusCode !== 200) throw new Error(`${contestant.role} answered ${answer.statusCode}: ${text}`)
  }
  await Promise.all(bodies.slice(0, connections).map(send))
  const left = bodies.slice(connections)
  const sample = await timed(contestant, left.length, async () => {
    await Promise.all(Array.from({ length: connections }, async () => {
      for (let body = left.pop(); body !== undefined; body = left.pop()) await send(body)
    }))
  })
  await pool.close()
  return sample
}

async function timed (contestant: Contestant, count: number, act: () => Promise<void>): Promise<Sample> {
  const [before, startedAt] = [await usageOf(contestant), process.hrtime.bigint()]
  await act()
  const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9
  return { cpuMicros: (await usageOf(contestant) - before) / count, perSecond: count / seconds }
}

/** Assertions are signed before the clock runs: each is good once. */
async function measureSigned (contestant: Contestant): Promise<Sample> {
  const { issuer, scope, signer: { clientId, endpoint, privateJwk } } = contestant.materials
  const key = await importJWK(privateJwk, 'ES256')
  const bodies = await Promise.all(Array.from({ length: requests }, async () => new URLSearchParams({
    grant_type: 'client_credentials',
    scope,
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'sig' }).setIssuer(clientId).setSubject(clientId).setAudience(issuer).setIssuedAt().setExpirationTime('10m').setJti(randomUUID()).sign(key),
  }).toString()))
  return await measureBodies(contestant, endpoint, {}, bodies)
}

async function measureHeld (contestant: Contestant): Promise<Sample> {
  const { scope, holder: { clientId, endpoint, certificatePem, keyPem } } = contestant.materials
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope, client_id: clientId }).toString()
  return await measureBodies(contestant, endpoint, { cert: certificatePem, key: keyPem }, Array.from({ length: requests }, () => body))
}

/** Each connection is new and resumes nothing (RFC 8446 §2). */
async function measureHandshakes (contestant: Contestant): Promise<Sample> {
  const { authorityPem, holder: { endpoint, certificatePem, keyPem } } = contestant.materials
  const shake = async (): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: 'localhost', servername: 'localhost', port: Number(new URL(endpoint).port), ca: authorityPem, cert: certificatePem, key: keyPem }, () => {
        socket.destroy()
        resolve()
      })
      socket.once('error', reject)
    })
  }
  const count = Math.ceil(requests / 3)
  return await timed(contestant, count, async () => {
    let left = count
    await Promise.all(Array.from({ length: 8 }, async () => { while (left-- > 0) await shake() }))
  })
}

function report (title: string, samples: ReadonlyMap<Role, readonly Sample[]>): void {
  const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
  const cpu = new Map(ROLES.map((role) => [role, middle((samples.get(role) ?? []).map(({ cpuMicros }) => cpuMicros))]))
  const rate = new Map(ROLES.map((role) => [role, middle((samples.get(role) ?? []).map(({ perSecond }) => perSecond))]))
  const ours = cpu.get('sandgate') ?? Number.NaN
  const theirs = cpu.get('bare') ?? Number.NaN
  process.stdout.write(`${title}: Sandgate ${ours.toFixed(0)} us of CPU (${(rate.get('sandgate') ?? 0).toFixed(0)}/s), oidc-provider ${theirs.toFixed(0)} us (${(rate.get('bare') ?? 0).toFixed(0)}/s); its CPU by ours ${(theirs / ours).toFixed(2)}\n`)
}
