import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

/** A Redis of one test's own on loopback. */
export interface PrivateRedis {
  readonly url: string
  readonly port: number
  /** Stops answering without closing connections, as a hanging server does. */
  readonly pause: () => void
  readonly resume: () => void
  readonly stop: () => Promise<void>
}

export const isRedisInstalled = spawnSync('redis-server', ['--version']).status === 0

/**
 * Starts a server, on the given port or a free one. As a cluster of one node it owns every slot and still refuses commands
 * and scripts whose keys lie in several, which is how the suite sees that hash tags are right.
 */
export async function startRedis (options: { readonly isCluster: boolean, readonly port?: number }): Promise<PrivateRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'sandgate-redis-'))
  const port = options.port ?? await findFreePort()
  const cluster = options.isCluster ? ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--cluster-port', String(await findFreePort())] : []
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'no', ...cluster], { stdio: 'ignore' })
  await prepare(port, options.isCluster)
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pause: () => { server.kill('SIGSTOP') },
    resume: () => { server.kill('SIGCONT') },
    stop: () => stop(server, directory),
  }
}

async function prepare (port: number, isCluster: boolean): Promise<void> {
  const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 20, enableReadyCheck: false })
  client.on('error', () => undefined)
  await client.ping()
  if (isCluster) {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    while (!String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await client.ping()
  }
  client.disconnect()
}

async function stop (server: ChildProcess, directory: string): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    server.kill('SIGKILL')
    await once(server, 'exit')
  }
  rmSync(directory, { recursive: true, force: true })
}

async function findFreePort (): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
