import { AsyncLocalStorage } from 'node:async_hooks'
import type { KeyObject } from 'node:crypto'
import * as library from 'oidc-provider'
import type { Provider } from 'oidc-provider'
import { isJsonObject, type SandboxId } from '../../kernel/index.ts'
import type { MaybePromise } from '../../stores/ports.ts'
import type { KeyRing } from './key-ring.ts'
import { parseStrictObject } from './compact-jws.ts'

/** The class that the library asks to sign; its types leave it out. */
const { ExternalSigningKey } = library as unknown as { readonly ExternalSigningKey: new () => object }

/** For whom something is signed, or which key is to verify. */
interface Purpose { readonly sandboxId?: SandboxId | undefined, readonly kid?: string }

export interface ProviderKeys {
  /** One for each algorithm, for the library's `jwks`. */
  readonly slots: ReadonlyArray<{ readonly kid: string, readonly alg: string }>
  /** Makes this provider sign, verify and publish with the ring. Before its callback is built. */
  readonly attach: (provider: Provider) => void
}

/**
 * Lets oidc-provider, whose keystore is fixed when it is built, sign with a ring that changes. Its keystore gets one external
 * signing key for each algorithm, which stands for whatever key the ring signs with at that moment and for that sandbox; the
 * key that is named in a header is the key that signs. See docs/decisions/.
 */
export function createProviderKeys (ring: KeyRing, sandboxOfClient: (clientId: string) => MaybePromise<SandboxId | undefined>): ProviderKeys {
  const purposes = new AsyncLocalStorage<Purpose>()

  class RingKey extends ExternalSigningKey {
    readonly #alg: string

    constructor (alg: string) {
      super()
      this.#alg = alg
    }

    get alg (): string {
      return this.#alg
    }

    get kid (): string {
      const purpose = purposes.getStore()
      return purpose?.kid ?? ring.signingKid(this.#alg, purpose?.sandboxId)
    }

    keyObject (): KeyObject {
      const key = ring.publicKey(this.kid)
      if (key === undefined) throw new Error(`no signing key is named ${this.kid}`)
      return key
    }

    async sign (signingInput: Buffer): Promise<Buffer> {
      const [head = '', body = ''] = signingInput.toString('latin1').split('.')
      const kid = parseStrictObject(Buffer.from(head, 'base64url'))?.['kid']
      const payload: unknown = JSON.parse(Buffer.from(body, 'base64url').toString())
      const exp = isJsonObject(payload) ? payload['exp'] : undefined
      return await ring.sign(typeof kid === 'string' ? kid : this.kid, signingInput, typeof exp === 'number' ? exp * 1000 : undefined)
    }
  }

  return {
    slots: ring.algorithms.map((alg) => new RingKey(alg)),
    attach (provider) {
      signForSandbox(provider, purposes, sandboxOfClient)
      verifyWithRing(provider, purposes, ring)
      publishRing(provider, ring)
    },
  }
}

/** ID tokens, logout tokens and signed answers are signed by the key of their client's sandbox. */
function signForSandbox (provider: Provider, purposes: AsyncLocalStorage<Purpose>, sandboxOfClient: (clientId: string) => MaybePromise<SandboxId | undefined>): void {
  const { prototype } = provider.IdToken as unknown as { readonly prototype: { client?: { readonly clientId: string }, issue: (...input: unknown[]) => Promise<string> } }
  const { issue } = prototype
  prototype.issue = async function issueForSandbox (...input) {
    const sandboxId = await sandboxOfClient(this.client?.clientId ?? '')
    return await purposes.run({ sandboxId }, async () => await issue.apply(this, input))
  }
}

/** An `id_token_hint` may be of a key that signs no more. */
function verifyWithRing (provider: Provider, purposes: AsyncLocalStorage<Purpose>, ring: KeyRing): void {
  const idToken = provider.IdToken as unknown as { validate: (jwt: string, client: unknown) => Promise<unknown> }
  const { validate } = idToken
  idToken.validate = async function validateWithRing (jwt, client) {
    const kid = parseStrictObject(Buffer.from(String(jwt).split('.')[0] ?? '', 'base64url'))?.['kid']
    if (typeof kid !== 'string' || await ring.find(kid) === undefined) return await validate.call(this, jwt, client)
    return await purposes.run({ kid }, async () => await validate.call(this, jwt, client))
  }
}

/** The key set is read from the store each time: a key that another instance signs with since a moment ago is in it. */
function publishRing (provider: Provider, ring: KeyRing): void {
  provider.use(async function publishKeys (ctx, next) {
    await next()
    const { oidc, status } = ctx as unknown as { readonly oidc?: { readonly route: string }, readonly status: number }
    if (oidc?.route !== 'jwks' || status !== 200) return
    const { keys } = ctx.body as { readonly keys: ReadonlyArray<{ readonly use?: string }> }
    await ring.refresh().catch(() => { /* the store is away: what is known here is published */ })
    ctx.body = { keys: [...ring.publicJwks(), ...keys.filter(({ use }) => use === 'enc')] }
    ctx.type = 'application/jwk-set+json; charset=utf-8'
  })
}
