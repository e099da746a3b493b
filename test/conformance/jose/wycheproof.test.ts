import t from 'tap'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { decodeJws } from '../../../authz/tokens/compact-jws.ts'
import { JWS_ALGORITHMS, openVerificationKey } from '../../../authz/tokens/jws-algorithms.ts'

interface Vector { readonly tcId: number, readonly comment: string, readonly jws?: string, readonly result: string, readonly flags?: readonly string[] }
interface Group { readonly public?: JWK | { readonly keys: readonly JWK[] }, readonly private?: JWK | { readonly keys: readonly JWK[] }, readonly tests: readonly Vector[] }

/** Verifies as the API does: the header names a key of the set, and the key says which algorithm it is for. */
function isAccepted (jws: string, keys: readonly JWK[]): boolean {
  const decoded = decodeJws(jws)
  if (decoded.kind === 'malformed' || ['crit', 'b64', 'jwk', 'jku', 'x5u', 'x5c'].some((name) => Object.hasOwn(decoded.header, name))) return false
  const { alg, kid } = decoded.header
  const named = keys.filter((key) => key.kid === kid)
  const [key] = named
  if (typeof alg !== 'string' || key === undefined || named.length !== 1) return false
  return openVerificationKey(key, alg, key.kid ?? '')?.verifies(decoded.signingInput, decoded.signature) === true
}

function read (name: string): Array<{ readonly keys: readonly JWK[], readonly vector: Vector & { readonly jws: string } }> {
  const { testGroups } = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', name), 'utf8')) as { readonly testGroups: readonly Group[] }
  return testGroups.flatMap((group) => {
    const set = group.public ?? group.private ?? {}
    const keys = 'keys' in set ? set.keys : [set]
    return group.tests.flatMap((vector) => vector.jws === undefined ? [] : [{ keys, vector: { ...vector, jws: vector.jws } }])
  })
}

/** Valid ones that we refuse, and invalid ones that we accept, each with the reason. */
const KNOWN: Readonly<Record<string, (keys: readonly JWK[], vector: Vector) => string | undefined>> = {
  valid: ([key], { comment }) =>
    key?.kty === 'oct'
      ? 'HMAC: no secret is shared for access tokens or proofs'
      : /^Figure(?:13|20|27)$/.test(comment) && key?.alg !== 'RS256' ? 'the key of the vector is declared for another algorithm than its header names (PS256 and PS384, ES521)' : undefined,
  invalid: (_keys, { comment }) => comment === 'rejectsKeyWithRocaVulnerability' ? 'a weak key is its owner\'s loss: keys of the ring are ours, keys of proofs the client\'s' : undefined,
}

for (const name of ['json_web_signature_test.json', 'json_web_key_test.json']) {
  t.test(`Wycheproof, ${name}: none is accepted that should not be, and the valid ones of our algorithms are`, (t) => {
    const all = read(name)
    const seen = { valid: 0, invalid: 0 }
    for (const { keys, vector } of all) {
      const shouldPass = vector.result === 'valid'
      const exception = KNOWN[vector.result]?.(keys, vector)
      const accepted = isAccepted(vector.jws, keys)
      seen[shouldPass ? 'valid' : 'invalid']++
      t.equal(accepted, exception === undefined ? shouldPass : !shouldPass, `${vector.tcId} ${vector.comment} (${vector.result}${exception === undefined ? '' : `; ${exception}`})`)
    }
    t.equal(all.length, name.startsWith('json_web_s') ? 401 : 26, 'the whole set')
    t.ok(seen.valid > 0 && seen.invalid > 0)
    t.end()
  })
}

t.test('none of our algorithms is symmetric', (t) => {
  t.notOk([...JWS_ALGORITHMS.keys()].some((alg) => /^(?:HS|none)/i.test(alg)))
  t.end()
})
