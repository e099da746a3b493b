import { connect } from 'node:tls'
import type { TestGateway } from './gateway.ts'

/**
 * Sends bytes as they are to the public door and gives what came back until the connection was closed. `connection: close`
 * belongs in the request.
 */
export async function sendRaw (sandgate: TestGateway, bytes: string): Promise<{ readonly status: number, readonly text: string }> {
  const { hostname, port } = new URL(sandgate.publicUrl)
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ca: sandgate.authorityPem, servername: 'localhost' }, () => { socket.write(bytes) })
    let text = ''
    socket.on('data', (chunk: Buffer) => { text += chunk.toString() })
    socket.on('end', () => {
      socket.destroy()
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text })
    })
    socket.on('error', reject)
  })
}
