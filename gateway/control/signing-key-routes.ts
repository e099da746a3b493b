import Type from 'typebox'
import type { AuthorizationServer } from '../../authz/index.ts'
import { parseDurationMs, type JsonObject } from '../../kernel/index.ts'
import { done, operatorRoute, refused, type ControlRoute } from './route.ts'

const RotateSigningKeys = Type.Object({
  sign_after: Type.Optional(Type.String({ maxLength: 20, description: 'How long the new keys are published before they sign, for instance 10m; 0s: at once. Clients that keep the key set longer will not know the key. Default 10m, at most 7d.' })),
}, { additionalProperties: false })

const PUBLISHED_MS = 600_000
const PUBLISHED_MS_MAX = 7 * 86_400_000

/** The keys that sign tokens, for the operator. */
export function signingKeyRoutes ({ signingKeys }: { readonly signingKeys: Pick<AuthorizationServer['signingKeys'], 'list' | 'rotate' | 'refresh'> }): readonly ControlRoute[] {
  return [
    operatorRoute({ method: 'GET', path: '/control/signing-keys', operationId: 'listSigningKeys', summary: 'The keys of the key set: which signs, which will, which only verify still and until when.' }, async () => {
      await signingKeys.refresh()
      return done(200, { data: signingKeys.list().map(viewOf) })
    }),
    operatorRoute({ method: 'POST', path: '/control/signing-keys/rotate', operationId: 'rotateSigningKeys', summary: 'Makes the next signing key of each algorithm: published at once, signing later; the old one verifies until its last token has expired.', body: RotateSigningKeys }, async ({ body }) => {
      const publishMs = body.sign_after === undefined ? PUBLISHED_MS : parseDurationMs(body.sign_after)
      if (publishMs === undefined || publishMs > PUBLISHED_MS_MAX) return refused('request_invalid', 'sign_after must be a duration of at most 7 days, for instance 10m or 0s.', ['/sign_after'])
      return done(201, { data: (await signingKeys.rotate(publishMs)).map(viewOf) })
    }),
  ]
}

function viewOf ({ kid, alg, state, sandboxId, signsFromMs, endsAtMs }: ReturnType<AuthorizationServer['signingKeys']['list']>[number]): JsonObject {
  return {
    kid,
    alg,
    state,
    ...(sandboxId === undefined ? {} : { sandbox: sandboxId }),
    ...(signsFromMs === undefined ? {} : { signs_from: new Date(signsFromMs).toISOString() }),
    ...(endsAtMs === undefined ? {} : { published_until: new Date(endsAtMs).toISOString() }),
  }
}
