import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Machinery, Running } from '../processes.ts'
import type { Materials } from '../protocol.ts'
import type { Contender, Door } from './contender.ts'

/** Ours: the shipped configuration, with limits far above the load. */
export const sandgate: Omit<Contender, 'start'> = {
  name: 'Sandgate, whole pipeline with its core',
  enforces: "client certificate and its revocation; bans; rates by address and by client; signature (ES256), issuer, audience, expiry on the sandbox's clock, revocation and certificate binding of the token; scopes; strict JSON; personal-data scrubbing both ways; abuse rules; a record and metrics of every request; a stored world with events",
  isFloor: false,
  needs: [],
}

/** Started before all others, because it makes the certificates and tokens that everybody serves. */
export async function startSandgate (machinery: Machinery, { directory, tokens, settings }: { readonly directory: string, readonly tokens: number, readonly settings: readonly string[] }): Promise<{ readonly running: Running, readonly door: Door, readonly materials: Materials, readonly materialsFile: string }> {
  const [publicPort, port, opsPort] = [await machinery.freePort(), await machinery.freePort(), await machinery.freePort()]
  const running = await machinery.startNode({ file: 'serve-sandgate.ts', args: [directory, String(publicPort), String(port), String(opsPort), String(tokens), ...settings] })
  const materialsFile = join(directory, 'materials.json')
  return {
    running,
    door: { port, processes: [{ name: 'sandgate', pid: running.pid }] },
    materials: JSON.parse(readFileSync(materialsFile, 'utf8')) as Materials,
    materialsFile,
  }
}
