import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { StoreUnavailable } from '../ports.ts'

/** A connection whose every answer comes within the deadline, or is StoreUnavailable. */
export interface Connection {
  readonly client: Redis | Cluster
  /** Puts the deadline round commands, and turns faults of the connection into StoreUnavailable. */
  readonly ask: <T>(commands: (client: Redis | Cluster) => Promise<T>) => Promise<T>
  /** Runs a script that lies beside this file, all of whose keys share a slot. */
  readonly run: (script: Script, keys: readonly string[], args: ReadonlyArray<string | number>) => Promise<unknown>
  readonly close: () => Promise<void>
}

export interface Script { readonly text: string, readonly sha: string }

export interface ConnectionOptions {
  readonly url: string
  /** True when the URL names a node of a Redis Cluster. */
  readonly isCluster: boolean
  readonly commandDeadlineMs: number
}

/** Longest wait for the first connection; later ones are tried again and again in the background. */
export const CONNECT_MS = 3000
/** Replies that say "not now", as opposed to "this command is wrong". */
const UNAVAILABLE_REPLY = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS|MISCONF|OOM|NOAUTH|WRONGPASS)/

/** Reads a script by its name without `.lua`. */
export function loadScript (name: string): Script {
  const text = readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8')
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/**
 * Connects, or throws StoreUnavailable. Nothing is queued while the connection is away and nothing is sent twice: a command
 * whose answer is lost may or may not have been carried out.
 */
export async function openConnection (options: ConnectionOptions): Promise<Connection> {
  const client = options.isCluster ? connectCluster(options.url) : new Redis(options.url, connectionOptions())
  let lastFault: unknown
  client.on('error', (fault: unknown) => { lastFault = fault })
  await connect(client, options.url, () => lastFault)
  const ask = <T>(commands: (client: Redis | Cluster) => Promise<T>): Promise<T> => withDeadline(commands(client), options.commandDeadlineMs)
  return {
    client,
    ask,
    run: (script, keys, args) => ask((connected) => evaluate(connected, script, keys, args)),
    close: async () => {
      await withDeadline(client.quit(), options.commandDeadlineMs).catch(() => undefined)
      client.disconnect()
    },
  }
}

/** A connection for subscriptions alone; it waits for the server and renews its subscriptions by itself. */
export function openSubscriber (options: ConnectionOptions): Redis | Cluster {
  const patient: RedisOptions = { enableOfflineQueue: true, maxRetriesPerRequest: null }
  const client = options.isCluster ? connectCluster(options.url, patient) : new Redis(options.url, { ...connectionOptions(), ...patient, lazyConnect: false })
  client.on('error', () => undefined)
  return client
}

function connectionOptions (): RedisOptions {
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000),
  }
}

function connectCluster (url: string, override: RedisOptions = {}): Cluster {
  const { hostname, port, username, password, protocol } = new URL(url)
  const credentials = { ...username === '' ? {} : { username: decodeURIComponent(username) }, ...password === '' ? {} : { password: decodeURIComponent(password) } }
  const tls = protocol === 'rediss:' ? { tls: {} } : {}
  const redisOptions = { ...connectionOptions(), ...override, ...credentials, ...tls }
  return new Cluster([{ host: hostname, port: Number(port === '' ? 6379 : port) }], { lazyConnect: true, enableOfflineQueue: override.enableOfflineQueue ?? false, redisOptions })
}

async function connect (client: Redis | Cluster, url: string, lastFault: () => unknown): Promise<void> {
  try {
    await withDeadline(client.connect(), CONNECT_MS)
  } catch (fault) {
    client.disconnect()
    throw new StoreUnavailable(`cannot connect to Redis at ${withoutPassword(url)}`, { cause: lastFault() ?? fault })
  }
}

function withoutPassword (url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//')
}

async function evaluate (client: Redis | Cluster, script: Script, keys: readonly string[], args: ReadonlyArray<string | number>): Promise<unknown> {
  try {
    return await client.evalsha(script.sha, keys.length, ...keys, ...args)
  } catch (fault) {
    if (!(fault instanceof Error) || !fault.message.startsWith('NOSCRIPT')) throw fault
    return await client.eval(script.text, keys.length, ...keys, ...args)
  }
}

/**
 * The deadline is looked at once more after the sockets were read: an answer that arrived while this process was busy
 * counts.
 */
export function withDeadline<T> (work: Promise<T>, deadlineMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new StoreUnavailable(`Redis did not answer within ${deadlineMs} ms`))
    const timer = setTimeout(() => setImmediate(giveUp), deadlineMs)
    work.then(resolve, (fault: unknown) => reject(toStoreFault(fault))).finally(() => clearTimeout(timer))
  })
}

/** A reply that a command is wrong is a bug and passes; everything else is the store being away. */
function toStoreFault (fault: unknown): Error {
  if (!(fault instanceof Error)) return new StoreUnavailable(`Redis is unavailable: ${String(fault)}`)
  if (fault instanceof StoreUnavailable) return fault
  const isReply = fault.name === 'ReplyError'
  if (isReply && !UNAVAILABLE_REPLY.test(fault.message)) return fault
  return new StoreUnavailable(`Redis is unavailable: ${fault.message}`, { cause: fault })
}
