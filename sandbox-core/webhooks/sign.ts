import { createHmac, randomBytes } from 'node:crypto'
import { Secret } from '../../kernel/index.ts'

/** What the signature covers, apart from the secrets. */
export interface SignedContent {
  /** The value of `webhook-id`. */
  readonly messageId: string
  /** The value of `webhook-timestamp`: wall time in whole seconds, since receivers tolerate about five minutes. */
  readonly timestampSeconds: number
  /** The body, exactly as sent. */
  readonly body: string
}

/**
 * The value of `webhook-signature` (Standard Webhooks, "Signature scheme"): `v1,` and the base64 HMAC-SHA256 of
 * `id.timestamp.body`, once for each secret and divided by spaces, so that receivers survive a rotation.
 */
export function signMessage (content: SignedContent, secrets: readonly Secret[]): string {
  const signed = `${content.messageId}.${content.timestampSeconds}.${content.body}`
  return secrets.map((secret) => `v1,${createHmac('sha256', keyOf(secret)).update(signed).digest('base64')}`).join(' ')
}

/** A new signing secret: `whsec_` and 32 random bytes in base64 (the specification asks for 24 to 64). */
export function createSigningSecret (): Secret {
  return new Secret(`whsec_${randomBytes(32).toString('base64')}`)
}

function keyOf (secret: Secret): Buffer {
  return Buffer.from(secret.reveal().slice('whsec_'.length), 'base64')
}
