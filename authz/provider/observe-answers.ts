import type { IncomingMessage } from 'node:http'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { isJsonObject } from '../../kernel/index.ts'
import { mayProveClient } from '../explanations/explain-failure.ts'
import { peekJwt } from '../explanations/peek-jwt.ts'
import type { AuthorizationNote } from '../interaction/headless-login.ts'
import { opaqueTokenId } from '../tokens/issued-tokens.ts'

export interface AnswerObserving {
  /** Told of each request that was answered to a client after it had proved who it is. */
  readonly onClientProven?: (request: IncomingMessage, clientId: string) => void
  readonly onNote?: (note: AuthorizationNote) => void
}

/**
 * Looks at good answers. A client that is not public has authenticated by then, and no token is issued for a mere name. A token
 * that is introspected as inactive is no error (RFC 7662 §2.2), and still what somebody will ask about.
 */
export function observeAnswers ({ onClientProven, onNote }: AnswerObserving) {
  return async function observeAnswer (context: unknown, next: () => Promise<void>): Promise<void> {
    await next()
    const ctx = context as KoaContextWithOIDC
    // Routes that are not the library's have no context of its own.
    const oidc = ctx.oidc as KoaContextWithOIDC['oidc'] | undefined
    const client = oidc?.client
    if (oidc === undefined || client === undefined || ctx.status >= 400) return
    if (oidc.route === 'token' || mayProveClient(oidc.route, client.clientAuthMethod)) onClientProven?.(ctx.req, client.clientId)
    if (oidc.route === 'introspection' && isJsonObject(ctx.body) && ctx.body['active'] === false) onNote?.({ request: ctx.req, code: 'token_inactive', detail: describeInactive(oidc.params?.['token']), clientId: client.clientId })
  }
}

function describeInactive (token: unknown): string {
  const name = typeof token === 'string' ? nameOf(token) : undefined
  const why = 'the token was answered as inactive: it is not of this server or sandbox, has expired, or was revoked (RFC 7662 §2.2)'
  return name === undefined ? why : `${why}; \`sandgate token ${name}\` tells its life, if it had one here`
}

/** Nothing is verified, so only what has the form of our own names is repeated, and of the rest a digest. */
function nameOf (token: string): string | undefined {
  const { jti } = peekJwt(token).payload
  if (typeof jti === 'string' && /^[0-9a-z]{1,11}\.[\w-]{20,64}$/.test(jti)) return jti
  return /^[\w-]{43}$/.test(token) ? `digest:${opaqueTokenId(token)}` : undefined
}
