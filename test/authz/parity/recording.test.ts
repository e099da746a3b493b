import t from 'tap'
import { readRecording, recordParity, writeRecording } from '../../../authz/index.ts'
import { systemClock } from '../../../kernel/index.ts'
import { compare } from '../../support/parity.ts'
import { startMockServer, startNodeOAuth } from '../../support/parity-peers.ts'

const record = async (production: Parameters<typeof recordParity>[0]['production']) => {
  const outcome = await recordParity({ production, clock: systemClock, delayMs: 0 })
  if (outcome.kind === 'unreachable') throw new Error(outcome.why)
  return writeRecording(outcome.recording)
}

t.test('what is no recording is refused, saying why', (t) => {
  t.match(readRecording('{'), /no JSON/)
  t.match(readRecording('null'), /parity record/)
  t.match(readRecording('{"format":"other"}'), /parity record/)
  t.match(readRecording('{"format":"sandgate-parity-recording","version":2}'), /another version/)
  t.match(readRecording('{"format":"sandgate-parity-recording","version":1,"issuer":"x","recorded_at":"x","capabilities":[],"observations":{"a":{"__proto__":1}}}'), /another version/)
  t.match(readRecording('x'.repeat(9_000_000)), /larger/)
  t.end()
})

t.test('a recording holds nothing secret of what went over the wire', async (t) => {
  const peer = await startNodeOAuth()
  t.teardown(peer.close)
  const secrets = new Set<string>()
  peer.onExchange((text) => {
    for (const [, value = ''] of text.matchAll(/(?:code|state|code_verifier|code_challenge|client_secret|access_token|refresh_token|id_token|token|client_id)["=:\s]+"?([\w~.+/=%-]{8,})/g)) secrets.add(decodeURIComponent(value))
    for (const [, value = ''] of text.matchAll(/authorization: Basic ([\w+/=]+)/gi)) secrets.add(value)
  })
  const text = await record(peer.side)
  const sent = [...secrets].filter((value) => !/^(?:sandgate-parity|made-up|short|v{43}$|w{43}$|code_challenge|authorization|verifier$)/.test(value))
  t.ok(sent.length > 20, `${sent.length} secrets were seen`)
  t.same(sent.filter((value) => text.includes(value)), [])
  t.notMatch(text, /peer-secret|peer-client/)
  t.notMatch(text, /[\w-]{30,}\.[\w-]{30,}|\b[0-9a-f]{40}\b/, 'nor anything that looks like a token')
})

t.test('a server that echoes what it is sent leaves none of it in the recording', async (t) => {
  const peer = await startNodeOAuth({ isEchoing: true })
  t.teardown(peer.close)
  const text = await record(peer.side)
  t.match(text, /"error.missing_code.status"/)
  t.notMatch(text, /peer-secret|peer-client|cGVlci1jbGllbnQ/)
})

t.test('a server compared with its own recording is the same, and a changed one is not', async (t) => {
  const peer = await startMockServer()
  t.teardown(peer.close)
  const recording = readRecording(await record(peer.side))
  if (typeof recording === 'string') throw new Error(recording)
  const same = await compare(recording, peer.side)
  t.equal(same.score, 100)
  t.match(same.notes[0], /recorded at/)
  t.ok(same.checks.length > 200)
  const changed = await compare({ ...recording, observations: new Map([...recording.observations, ['keys', { kind: 'seen' as const, facts: { 'keys.algorithms': ['PS256'] } }]]) }, peer.side)
  t.match(changed.drifts.filter(({ severity }) => severity === 'breaking').map(({ id }) => id), ['keys.algorithms'])
})

t.test('recording twice gives the same', async (t) => {
  const peer = await startNodeOAuth()
  t.teardown(peer.close)
  const plain = (text: string): string => text.replace(/"recorded_at".*/, '').replace(/"token\.expires_in": (?:3600|3599|3598)/g, '')
  t.equal(plain(await record(peer.side)), plain(await record(peer.side)))
})
