import { createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto'

export interface ProofParts {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  /** Signs instead of the key. */
  readonly signer?: (input: Buffer) => Buffer
}

/** A key for DPoP whose proofs can be made wrong on purpose; right ones are also made by openid-client in the flows. */
export interface ProofKey {
  readonly privateKey: KeyObject
  readonly jwk: Readonly<Record<string, unknown>>
  readonly jkt: string
  readonly prove: (method: string, uri: string, token?: string, parts?: ProofParts) => string
}

export function createProofKey (): ProofKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' }) as Record<string, unknown>
  const { crv, kty, x, y } = jwk
  const jkt = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
  return {
    privateKey,
    jwk,
    jkt,
    prove (htm, htu, token, { header = {}, claims = {}, signer } = {}) {
      const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') }
      const input = Buffer.from([{ typ: 'dpop+jwt', alg: 'ES256', jwk, ...header }, { jti: randomUUID(), htm, htu, iat: Math.floor(Date.now() / 1000), ...ath, ...claims }]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.'))
      const signature = signer === undefined ? sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' }) : signer(input)
      return `${input.toString()}.${signature.toString('base64url')}`
    },
  }
}
