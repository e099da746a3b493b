import t from 'tap'
import { Webhook } from 'standardwebhooks'
import { Secret } from '../../../kernel/index.ts'
import { createSigningSecret, signMessage } from '../../../sandbox-core/webhooks/sign.ts'

const content = { messageId: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestampSeconds: 1614265330, body: '{"test": 2432232314}' }

t.test('the signature is that of the published example', async (t) => {
  const secret = new Secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  t.equal(signMessage(content, [secret]), 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

t.test('every secret signs, divided by spaces, and the published library agrees on bodies beyond ASCII', async (t) => {
  const secrets = [createSigningSecret(), createSigningSecret()]
  const body = '{"name":"田中 Þórsson"}'
  const expected = secrets.map((secret) => new Webhook(secret.reveal()).sign(content.messageId, new Date(content.timestampSeconds * 1000), body))
  t.equal(signMessage({ ...content, body }, secrets), expected.join(' '))
})

t.test('a new secret is whsec_ and 24 to 64 bytes of base64, and never the same', async (t) => {
  const [a, b] = [createSigningSecret().reveal(), createSigningSecret().reveal()]
  t.match(a, /^whsec_[A-Za-z0-9+/]+=*$/)
  const { length } = Buffer.from(a.slice(6), 'base64')
  t.ok(length >= 24 && length <= 64)
  t.not(a, b)
})
