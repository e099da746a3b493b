import { connect, type TLSSocket } from 'node:tls'
import type { Load, LoadAnswer, LoadMessage, LoadOrder } from './protocol.ts'

/**
 * The generator, a process of its own: keep-alive connections over mutual TLS, one request in flight on each, requests made
 * beforehand with the tokens in rotation. It opens all connections, says so, and starts when it is told to.
 */
const HEADER_END = Buffer.from('\r\n\r\n')
const LENGTH = Buffer.from('content-length: ')
const BUCKET_MS = 0.01
const BUCKETS = 200_000

process.on('disconnect', () => process.exit(0))
process.send?.({ kind: 'ready' })
let start = (): void => {}
process.on('message', (message: LoadMessage) => {
  if (message.kind === 'go') return start()
  prepare(message.order).then((run) => {
    start = () => run().then((load) => say({ kind: 'done', load }), complain)
    say({ kind: 'connected' })
  }, complain)
})

async function prepare (order: LoadOrder): Promise<() => Promise<Load>> {
  const requests = order.tokens.map((token) => requestOf(order, token))
  const sockets = await Promise.all(Array.from({ length: order.connections }, async () => await open(order)))
  return async () => await run(order, sockets, requests)
}

function requestOf ({ method, path, port, body }: LoadOrder, token: string): Buffer {
  const head = [`${method} ${path} HTTP/1.1`, `host: localhost:${port}`, `authorization: Bearer ${token}`, 'accept: application/json']
  if (body !== undefined) head.push('content-type: application/json', `content-length: ${Buffer.byteLength(body)}`)
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`)
}

async function open ({ port, authorityPem, client }: LoadOrder): Promise<TLSSocket> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: authorityPem, cert: client.certificatePem, key: client.keyPem, minVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'] }, () => {
      socket.off('error', reject)
      socket.setNoDelay(true)
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

async function run ({ seconds }: LoadOrder, sockets: readonly TLSSocket[], requests: readonly Buffer[]): Promise<Load> {
  const latencies = new Uint32Array(BUCKETS)
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1000
  let completed = 0
  let failures = 0
  let next = 0
  await Promise.all(sockets.map(async (socket) => await new Promise<void>((resolve) => {
    let sentAt = 0
    let held: Buffer | undefined
    const send = (): void => {
      sentAt = performance.now()
      if (sentAt >= endsAt) {
        socket.destroy()
        return resolve()
      }
      socket.write(requests[next++ % requests.length]!)
    }
    const fail = (): void => {
      failures++
      socket.destroy()
      resolve()
    }
    socket.on('error', fail)
    socket.on('end', fail)
    socket.on('data', (chunk: Buffer) => {
      held = held === undefined ? chunk : Buffer.concat([held, chunk])
      const length = answerLength(held)
      if (length === undefined || held.length < length) return
      if (length < 0 || held.length > length) return fail()
      if (held[9] !== 0x32) failures++
      held = undefined
      completed++
      latencies[Math.min(BUCKETS - 1, Math.floor((performance.now() - sentAt) / BUCKET_MS))]!++
      send()
    })
    send()
  })))
  const elapsedMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpu)
  return { requests: completed, failures, elapsedMs, p50Ms: percentile(latencies, completed, 0.5), p99Ms: percentile(latencies, completed, 0.99), generatorShare: (user + system) / 1000 / elapsedMs }
}

/** Bytes of the whole answer, undefined while its head is not there; -1 without a Content-Length, which nobody here leaves out. */
function answerLength (bytes: Buffer): number | undefined {
  const end = bytes.indexOf(HEADER_END)
  if (end < 0) return undefined
  let at = bytes.indexOf(LENGTH)
  if (at < 0 || at > end) at = bytes.subarray(0, end).toString('latin1').toLowerCase().indexOf('content-length: ')
  if (at < 0) return -1
  let length = 0
  for (let i = at + LENGTH.length; bytes[i]! >= 0x30 && bytes[i]! <= 0x39; i++) length = length * 10 + bytes[i]! - 0x30
  return end + 4 + length
}

function percentile (latencies: Uint32Array, total: number, share: number): number {
  let seen = 0
  for (let bucket = 0; bucket < latencies.length; bucket++) {
    seen += latencies[bucket]!
    if (seen >= total * share) return Math.round((bucket + 1) * BUCKET_MS * 100) / 100
  }
  return 0
}

function say (answer: LoadAnswer): void {
  process.send?.(answer)
}

function complain (error: unknown): void {
  say({ kind: 'failed', problem: String(error) })
}
