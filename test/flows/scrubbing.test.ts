import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { madeUpCard } from '../support/cards.ts'
import { startTestGateway } from '../support/gateway.ts'

const personal = {
  email: 'margarethe.sommer@gmail.com',
  phone: '+49 171 3920027',
  iban: 'DE89370400440532013000',
  ssn: '536-90-4399',
  secret: 'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
}

/** What people paste in leaves no trace: not in answers, the store, the logs, the records or the webhooks. */
t.test('personal data never lands', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sandgate-scrubbing-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const sandgate = await startTestGateway({}, { directory })
  const bodies: string[] = []
  const receiver = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()))
    request.on('end', () => response.end())
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  t.teardown(() => receiver.close())
  const sandbox = await sandgate.newSandbox()
  const key = sandbox.key.reveal()
  const token = await sandgate.tokenFor(sandbox, { door: 'public' })
  await sandgate.call('POST', '/sandbox/webhooks/endpoints', { token: key, body: { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` } })
  const card = madeUpCard(77)

  t.test('a real-looking card number is refused with its pointer wherever it stands, and never repeated', async (t) => {
    const places: ReadonlyArray<readonly [object, string]> = [
      [{ type: 'card', card: { number: card, exp_month: 1, exp_year: 2033 } }, '/card/number'],
      [{ type: 'card', card: { number: card.replace(/(\d{4})(?=\d)/g, '$1 '), exp_month: 1, exp_year: 2033 } }, '/card/number'],
      [{ type: 'card', card: { number: Number(card), exp_month: 1, exp_year: 2033 } }, '/card/number'],
    ]
    for (const [body, pointer] of places) {
      const refused = await sandgate.call('POST', '/v1/payment_methods', { token, body })
      t.match(refused, { status: 422, json: { code: 'personal_data_refused', errors: [{ pointer }] } })
      t.notMatch(refused.text, card)
    }
    t.match(await sandgate.call('POST', '/v1/customers', { token, body: { name: 'x', description: `pay with ${card} please` } }), { status: 422, json: { errors: [{ pointer: '/description' }] } }, 'inside a text')
    t.match(await sandgate.call('GET', `/v1/customers?email=${card}`, { token }), { status: 422 }, 'in a query')
    t.match(await sandgate.call('GET', `/v1/customers/${card}`, { token }), { status: 422 }, 'in a path')
    t.equal((await sandgate.call('POST', '/v1/payment_methods', { token, body: { type: 'card', card: { number: '4242424242424242', exp_month: 1, exp_year: 2033 } } })).status, 201, 'a documented test card is taken')
  })

  t.test('other personal data becomes a pseudonym that is the same in look-ups', async (t) => {
    const made = await sandgate.call('POST', '/v1/customers', { token, body: { name: 'Margarethe', email: personal.email, phone: personal.phone, description: `IBAN ${personal.iban}, SSN ${personal.ssn}`, metadata: { key: personal.secret, note: `mail ${personal.email}` } } })
    t.equal(made.status, 201)
    t.match(made.json.email, /@example\.test$/)
    for (const value of Object.values(personal)) t.notMatch(made.text, value)
    t.match(made.json.metadata.note, made.json.email, 'the same address gives the same pseudonym inside a text')
    const found = await sandgate.call('GET', `/v1/customers?email=${encodeURIComponent(personal.email)}`, { token })
    t.same(found.json.data.map(({ id }: { id: string }) => id), [made.json.id], 'a look-up by what was sent still matches')
    const record = await sandgate.call('GET', `/sandbox/requests/${made.requestId}`, { token: key })
    t.match(record.json.removals.map(({ kind, pointer }: { kind: string, pointer: string }) => `${kind} ${pointer}`), [/email \/email/])
    const other = await sandgate.newSandbox()
    const theirs = await sandgate.call('POST', '/v1/customers', { token: await sandgate.tokenFor(other, { door: 'public' }), body: { name: 'M', email: personal.email } })
    t.not(theirs.json.email, made.json.email, 'another sandbox has another pseudonym')
  })

  t.test('nothing of it is in webhooks, logs, records, metrics, or any file of the store', async (t) => {
    for (let waited = 0; bodies.length === 0 && waited < 10_000; waited += 50) await new Promise((resolve) => setTimeout(resolve, 50))
    t.ok(bodies.length > 0, 'a webhook about the customer arrived')
    const requests = await sandgate.call('GET', '/sandbox/requests?limit=100', { token: key })
    const metrics = await (await fetch(`${sandgate.opsUrl}/metrics`)).text()
    const deliveries = await sandgate.call('GET', '/sandbox/webhooks/deliveries?limit=100', { token: key })
    await sandgate.stop()
    const files = filesBelow(sandgate.directory).map((file) => readFileSync(file, 'latin1')).join('\n')
    t.match(files, 'Margarethe', 'the store was written, so looking for the rest means something')
    const places = { webhooks: bodies.join('\n'), logs: sandgate.logLines.join('\n'), records: requests.text, metrics, deliveries: deliveries.text, files }
    t.ok(places.logs.length > 1000)
    for (const [place, text] of Object.entries(places)) {
      for (const value of [...Object.values(personal), card, personal.phone.replaceAll(' ', ''), card.replace(/(\d{4})(?=\d)/g, '$1 ')]) {
        t.notOk(text.includes(value), `${value.slice(0, 4)}… in ${place}`)
      }
      t.notOk(place !== 'files' && (text.includes(token) || text.includes(sandbox.client.secret.reveal())), `no token or secret in ${place}`)
    }
  })
})

function filesBelow (directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const file = join(directory, name)
    return statSync(file).isDirectory() ? filesBelow(file) : [file]
  })
}
