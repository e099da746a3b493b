import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import proxy from '@fastify/http-proxy'
import { fastify, type FastifyInstance } from 'fastify'
import { answerFrom, createPeerCore } from './peer-core.ts'
import { answerVerifications } from './peer-verifier.ts'
import type { Materials } from './protocol.ts'

/** The Node programs among the peers, one role a process: `core`, `verifier` (nginx asks it), `proxy` and `route` (Fastify over mutual TLS, no policy). */
const [role = '', materialsFile = '', port = '', corePort = ''] = process.argv.slice(2)
const KEEP_ALIVE_MS = 600_000

process.on('disconnect', () => process.exit(0))
const materials = JSON.parse(readFileSync(materialsFile, 'utf8')) as Materials
const core = createPeerCore(materials.customerPath, materials.customer)

if (role === 'core') await listenHttp(createServer(answerFrom(core)))
else if (role === 'verifier') await listenHttp(createServer(answerVerifications(materials)))
else await listenFastify(role === 'proxy' ? openProxy() : openRoute())
process.send?.({ kind: 'ready' })

async function listenHttp (server: Server): Promise<void> {
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await new Promise<void>((resolve) => server.listen(Number(port), '127.0.0.1', resolve))
}

async function listenFastify (app: FastifyInstance): Promise<void> {
  await app.listen({ host: '127.0.0.1', port: Number(port) })
}

function openDoor (): FastifyInstance {
  const app = fastify({
    https: {
      key: readFileSync(materials.serverKeyFile),
      cert: readFileSync(materials.serverCertificateFile),
      ca: readFileSync(materials.authorityFile),
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
    },
    keepAliveTimeout: KEEP_ALIVE_MS,
    logger: false,
  })
  return app
}

function openProxy (): FastifyInstance {
  const app = openDoor()
  app.register(proxy, { upstream: `http://127.0.0.1:${corePort}` })
  return app
}

function openRoute (): FastifyInstance {
  const app = openDoor()
  const text = { type: ['string', 'null'] }
  const schema = { type: 'object', properties: { id: text, object: text, created: { type: 'integer' }, name: text, email: text, phone: text, description: text, default_payment_method: text, metadata: { type: 'object', additionalProperties: { type: 'string' } } } }
  app.get<{ Params: { customer_id: string } }>('/v1/customers/:customer_id', { schema: { response: { 200: schema } } }, async (request, reply) => {
    const found = core.find(request.url)
    return found ?? await reply.code(404).send({ error: 'not found' })
  })
  app.post('/v1/customers', { schema: { response: { 201: schema } } }, async (request, reply) => await reply.code(201).send(core.create(request.body as object)))
  return app
}
