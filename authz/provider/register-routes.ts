import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import type { Provider } from 'oidc-provider'
import { CIBA, DEVICE_CODE } from '../grant-types.ts'
import type { AuthorizationProfile } from '../authorization-profile.ts'

interface Endpoint {
  readonly method: HTTPMethods[]
  /** As served to clients. */
  readonly url: string
  /** As the library routes it, where that differs. */
  readonly target?: string
}

/**
 * Serves oidc-provider on a scope of its own: production's paths, discovery, nothing else. The scope's content-type parsers
 * are replaced by one that leaves the stream alone, because the library reads bodies itself; the reply is hijacked, and headers
 * that hooks have set on it are kept.
 */
export function registerProviderRoutes (app: FastifyInstance, provider: Provider, profile: AuthorizationProfile): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => { done(null) })
  const callback = provider.callback()

  for (const { method, url, target } of listEndpoints(profile, new URL(provider.issuer).pathname)) {
    app.route({
      method,
      url,
      exposeHeadRoute: method.includes('GET'),
      handler: async (request: FastifyRequest, reply: FastifyReply) => {
        const { raw } = request
        if (target !== undefined) raw.url = target
        reply.hijack()
        for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value)
        await callback(raw, reply.raw)
      },
    })
  }
}

function listEndpoints (profile: AuthorizationProfile, issuerPath: string): Endpoint[] {
  const { paths } = profile
  const base = issuerPath === '/' ? '' : issuerPath.replace(/\/$/, '')
  const openid = '/.well-known/openid-configuration'
  const oauth = '/.well-known/oauth-authorization-server'
  return [
    { method: ['GET'], url: paths.authorization },
    { method: ['GET'], url: `${paths.authorization}/:uid` },
    { method: ['POST', 'OPTIONS'], url: paths.token },
    { method: ['POST', 'OPTIONS'], url: paths.introspection },
    { method: ['POST', 'OPTIONS'], url: paths.revocation },
    { method: ['GET', 'POST', 'OPTIONS'], url: paths.userinfo },
    { method: ['GET', 'OPTIONS'], url: paths.jwks },
    { method: ['GET'], url: paths.endSession },
    { method: ['POST'], url: `${paths.endSession}/confirm` },
    { method: ['GET'], url: `${paths.endSession}/success` },
    ...listOptionalEndpoints(profile),
    // OpenID Connect Discovery §4 appends to the issuer's path, RFC 8414 §3.1 goes before it.
    { method: ['GET', 'OPTIONS'], url: `${base}${openid}`, target: openid },
    { method: ['GET', 'OPTIONS'], url: `${oauth}${base}`, target: oauth },
  ]
}

/** Endpoints of what not every production has. */
function listOptionalEndpoints ({ paths, grants, ...profile }: AuthorizationProfile): Endpoint[] {
  const offered: ReadonlyArray<readonly [isOffered: boolean, ...Endpoint[]]> = [
    [profile.pushedAuthorizationRequests !== 'off', { method: ['POST', 'OPTIONS'], url: paths.pushedAuthorizationRequest }],
    [
      grants.includes(DEVICE_CODE),
      { method: ['POST', 'OPTIONS'], url: paths.deviceAuthorization },
      { method: ['GET', 'POST'], url: paths.deviceVerification },
      { method: ['GET'], url: `${paths.deviceVerification}/:uid` },
    ],
    [grants.includes(CIBA), { method: ['POST'], url: paths.backchannelAuthentication }],
  ]
  return offered.flatMap(([isOffered, ...endpoints]) => isOffered ? endpoints : [])
}
