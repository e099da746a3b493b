import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { createHttpClient } from '../../../authz/parity/probe/http-client.ts'

const limits = { timeoutMs: 400, bodyBytesMax: 1000, headerBytesMax: 2000 }
const client = createHttpClient({ userAgent: 'sandgate-parity/test', limits })
t.teardown(client.close)

/** A server that answers any bytes, and keeps what it was sent. */
async function open (answer: (socket: Socket) => void): Promise<{ url: string, received: () => string, close: () => Promise<void> }> {
  let text = ''
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      text += chunk.toString()
      if (text.includes('\r\n\r\n')) answer(socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received: () => text,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const HOSTILE: Record<string, { answer: (socket: Socket) => void, result: object }> = {
  'a server that never answers': { answer: () => {}, result: { kind: 'failed', why: 'no answer in time' } },
  'a body that never ends is cut at the limit': { answer: (socket) => { socket.write('HTTP/1.1 200 OK\r\n\r\n'); socket.write('x'.repeat(5000)) }, result: { kind: 'answer', isCut: true, body: 'x'.repeat(1000) } },
  'a body that drips': { answer: (socket) => { socket.write('HTTP/1.1 200 OK\r\n\r\nx') }, result: { kind: 'failed', why: 'no answer in time' } },
  'headers without end': { answer: (socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(5000)}\r\n\r\n`), result: { kind: 'failed' } },
  'an answer that is not HTTP': { answer: (socket) => socket.end('SSH-2.0-OpenSSH\r\n'), result: { kind: 'failed', why: 'its answer is not HTTP' } },
  'a connection that is cut': { answer: (socket) => socket.destroy(), result: { kind: 'failed', why: 'the connection is closed without an answer' } },
}
for (const [title, { answer, result }] of Object.entries(HOSTILE)) {
  t.test(`it survives: ${title}`, async (t) => {
    const server = await open(answer)
    t.teardown(server.close)
    t.match(await client.send({ method: 'GET', url: server.url }), result)
  })
}

t.test('a redirect is told and never followed, also to another scheme', async (t) => {
  for (const target of ['/elsewhere', 'file:///etc/passwd', 'http://169.254.169.254/']) {
    const server = await open((socket) => socket.end(`HTTP/1.1 302 Found\r\nLocation: ${target}\r\nContent-Length: 0\r\n\r\n`))
    t.match(await client.send({ method: 'GET', url: server.url }), { kind: 'answer', status: 302 })
    t.equal(server.received().match(/HTTP\/1\.1/g)?.length, 1)
    await server.close()
  }
})

t.test('what is no http URL is not asked for', async (t) => {
  for (const url of ['file:///etc/passwd', 'ftp://127.0.0.1/', 'nothing', '']) t.match(await client.send({ method: 'GET', url }), { kind: 'failed', code: 'ERR_INVALID_URL' })
})

t.test('nothing listens: refused', async (t) => {
  const server = await open(() => {})
  await server.close()
  t.match(await client.send({ method: 'GET', url: server.url }), { kind: 'failed', why: 'the connection is refused' })
})

t.test('a request says who sends it, repeats a header that is given twice, and sends bodies with any method', async (t) => {
  const server = await open((socket) => socket.end('HTTP/1.1 204 No Content\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n'))
  t.teardown(server.close)
  const answer = await client.send({ method: 'DELETE', url: server.url, headers: [['dpop', 'one'], ['dpop', 'two']], body: 'a=b' })
  t.match(server.received(), /^DELETE \/ HTTP\/1\.1\r\n/)
  t.match(server.received(), /user-agent: sandgate-parity\/test/i)
  t.match(server.received(), /dpop: one\r\ndpop: two/i)
  t.match(server.received(), /content-length: 3\r\n/i)
  t.same(answer.kind === 'answer' && answer.headers, [['set-cookie', 'a=1'], ['set-cookie', 'b=2']])
})

t.test('a connection that the server closed meanwhile is no failure: the request goes out again on another', async (t) => {
  let answered = 0
  const server = await open((socket) => {
    answered++
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    setTimeout(() => socket.destroy(), 20)
  })
  t.teardown(server.close)
  t.match(await client.send({ method: 'GET', url: server.url }), { kind: 'answer', body: 'ok' })
  await new Promise((resolve) => setTimeout(resolve, 60))
  t.match(await client.send({ method: 'GET', url: server.url }), { kind: 'answer', body: 'ok' })
  t.equal(answered, 2)
})
