import type { Contender } from './contender.ts'

/** Stock @fastify/http-proxy behind a mutual-TLS door: the hop that most Node gateways are made of, and nothing else. */
export const bareProxy: Contender = {
  name: '@fastify/http-proxy, no policy',
  enforces: 'client certificate only',
  isFloor: true,
  needs: [],
  gate: 3,
  start: async ({ machinery, materialsFile, core }) => {
    const port = await machinery.freePort()
    const { pid } = await machinery.startNode({ file: 'serve-peer.ts', args: ['proxy', materialsFile, String(port), String(core.port)] })
    return { port, processes: [{ name: 'proxy', pid }, { name: 'core', pid: core.pid }] }
  },
}

/** A Fastify route behind a mutual-TLS door that answers from a map: what Node, TLS and Fastify cost before any of our work. */
export const bareRoute: Contender = {
  name: 'Fastify route, no policy',
  enforces: 'client certificate only',
  isFloor: true,
  needs: [],
  start: async ({ machinery, materialsFile }) => {
    const port = await machinery.freePort()
    const { pid } = await machinery.startNode({ file: 'serve-peer.ts', args: ['route', materialsFile, String(port)] })
    return { port, processes: [{ name: 'route', pid }] }
  },
}
