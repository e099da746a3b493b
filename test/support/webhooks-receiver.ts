import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import forge from 'node-forge'

export interface Received { readonly url: string, readonly headers: IncomingHttpHeaders, readonly body: string }

export interface Receiver {
  readonly url: string
  readonly port: number
  readonly received: Received[]
  /** What the next requests are answered with; the last one stays. Default: 200. */
  answers: Array<(response: ServerResponse, request: Received) => void>
  readonly close: () => Promise<void>
}

/** A receiver of webhooks on loopback, over TLS when given a certificate. */
export async function startReceiver (tls?: { readonly certificatePem: string, readonly keyPem: string }): Promise<Receiver> {
  const received: Received[] = []
  const listener: RequestListener = (request, response) => {
    readText(request).then((body) => {
      const entry = { url: request.url ?? '', headers: request.headers, body }
      received.push(entry)
      const answer = receiver.answers.length > 1 ? receiver.answers.shift() : receiver.answers[0]
      if (answer === undefined) response.writeHead(200).end('ok')
      else answer(response, entry)
    }, () => {})
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer({ cert: tls.certificatePem, key: tls.keyPem }, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = {
    url: tls === undefined ? `http://127.0.0.1:${port}/hooks?x=1` : `https://localhost:${port}/hooks`,
    port,
    received,
    answers: [],
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }
  return receiver
}

/** An answer with a status and perhaps a body and headers. */
export function answer (status: number, body = '', headers: Record<string, string> = {}): (response: ServerResponse) => void {
  return (response) => { response.writeHead(status, headers).end(body) }
}

/** A self-signed certificate for localhost. */
export function createSelfSigned (nowMs: number): { certificatePem: string, keyPem: string } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const keyPem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
  const key = forge.pki.privateKeyFromPem(keyPem)
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.rsa.setPublicKey(key.n, key.e)
  certificate.serialNumber = `01${randomBytes(8).toString('hex')}`
  certificate.validity.notBefore = new Date(nowMs - 60_000)
  certificate.validity.notAfter = new Date(nowMs + 86_400_000)
  const name = [{ name: 'commonName', value: 'localhost' }]
  certificate.setSubject(name)
  certificate.setIssuer(name)
  certificate.setExtensions([{ name: 'basicConstraints', cA: true }, { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }])
  certificate.sign(key, forge.md.sha256.create())
  return { certificatePem: forge.pki.certificateToPem(certificate), keyPem }
}

async function readText (request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
