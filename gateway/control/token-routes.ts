import type { JsonObject, SandboxId } from '../../kernel/index.ts'
import type { TokenLine, TokenLines } from '../record/index.ts'
import { developerRoute, done, NOT_FOUND, readPage, type ControlRoute } from './route.ts'

export interface TokenRoutesDeps {
  readonly lines: Pick<TokenLines, 'get' | 'family' | 'list'>
  readonly nowMs: () => number
  /** How far the sandbox's clock was advanced since. */
  readonly advancedSinceMs: (sandboxId: SandboxId, sinceMs: number) => number
}

type Named = { readonly name: string, readonly line: TokenLine }

/** What became of the tokens of a sandbox. */
export function tokenRoutes (deps: TokenRoutesDeps): readonly ControlRoute[] {
  return [
    developerRoute({ method: 'GET', path: '/sandbox/tokens', operationId: 'listTokens', summary: 'Access tokens, refresh tokens and codes of this sandbox, the newest first, by name: the `jti` of a JWT, else the base64url SHA-256 of the value.' }, async (sandboxId, { query }) => {
      const page = readPage(query)
      const tokens = await deps.lines.list(sandboxId, page)
      return done(200, { data: tokens.map((token) => summaryOf(sandboxId, token, deps)), next: tokens.length === page.limit ? tokens.at(-1)?.name ?? null : null })
    }),
    developerRoute({ method: 'GET', path: '/sandbox/tokens/{name}', operationId: 'getToken', summary: 'The life of one token as a time line: asked, issued, used, refreshed, refused, revoked, expired; and of everything of the same grant.' }, async (sandboxId, { parameters }) => {
      const name = parameters['name'] ?? ''
      const line = await deps.lines.get(sandboxId, name)
      if (line === undefined) return NOT_FOUND
      const family = line.family === undefined ? [{ name, line }] : await deps.lines.family(sandboxId, line.family)
      return done(200, {
        ...summaryOf(sandboxId, { name, line }, deps),
        scopes: [...line.scopes],
        audiences: [...line.audiences],
        binding: line.binding === undefined ? null : { ...line.binding },
        parent: line.parent ?? null,
        used: line.used === undefined ? null : tallyBody(line.used),
        timeline: timelineOf(sandboxId, { name, line }, deps),
        family: family.map((member) => summaryOf(sandboxId, member, deps)),
        family_timeline: family.flatMap((member) => timelineOf(sandboxId, member, deps)).sort(byTime),
      })
    }),
  ]
}

function summaryOf (sandboxId: SandboxId, { name, line }: Named, deps: TokenRoutesDeps) {
  return {
    name,
    kind: line.kind,
    format: line.format,
    status: statusOf(sandboxId, line, deps),
    client_id: line.clientId,
    subject: line.subject ?? null,
    grant: line.grantType,
    issued_at: iso(line.issuedAtMs),
    expires_at: iso(endsAtMs(sandboxId, line, deps)),
  }
}

/** On the sandbox's clock: each advance since the token was issued brings its end as much nearer. */
function endsAtMs (sandboxId: SandboxId, { issuedAtMs, expMs }: TokenLine, { advancedSinceMs }: TokenRoutesDeps): number {
  return expMs - advancedSinceMs(sandboxId, issuedAtMs)
}

function statusOf (sandboxId: SandboxId, line: TokenLine, deps: TokenRoutesDeps): 'live' | 'expired' | 'revoked' | 'redeemed' | 'rotated' {
  const happened = (event: string): boolean => line.events.some((known) => known.event === event)
  if (happened('revoked')) return 'revoked'
  if (happened('redeemed')) return 'redeemed'
  if (happened('rotated')) return 'rotated'
  return deps.nowMs() >= endsAtMs(sandboxId, line, deps) ? 'expired' : 'live'
}

interface Moment extends JsonObject { readonly at: string, readonly event: string, readonly token: string, readonly kind: string }

function timelineOf (sandboxId: SandboxId, { name, line }: Named, deps: TokenRoutesDeps): Moment[] {
  const moment = (atMs: number, event: string, more: JsonObject = {}): Moment => ({ at: iso(atMs), event, token: name, kind: line.kind, ...more })
  const endMs = endsAtMs(sandboxId, line, deps)
  const moments = line.events.map(({ atMs, event, requestId, by }) => moment(atMs, event, { ...(requestId === undefined ? {} : { request: requestId }), ...(by === undefined ? {} : { by }), ...(event === 'issued' ? describeIssue(line) : {}) }))
  if (line.used !== undefined) moments.push(moment(line.used.firstMs, 'used', tallyBody(line.used)))
  for (const [code, tally] of Object.entries(line.refused ?? {})) moments.push(moment(tally.firstMs, 'refused', { code, ...tallyBody(tally) }))
  if (deps.nowMs() >= endMs) moments.push(moment(endMs, 'expired'))
  return moments.sort(byTime)
}

function describeIssue ({ grantType, scopes, audiences, binding, parent, expMs }: TokenLine): JsonObject {
  return {
    grant: grantType,
    scopes: [...scopes],
    audiences: [...audiences],
    expires_at: iso(expMs),
    ...(binding === undefined ? {} : { binding: { ...binding } }),
    ...(parent === undefined ? {} : { parent }),
  }
}

function tallyBody ({ firstMs, lastMs, count, requestId }: NonNullable<TokenLine['used']>): JsonObject {
  return { first: iso(firstMs), last: iso(lastMs), count, ...(requestId === undefined ? {} : { request: requestId }) }
}

function byTime (one: Moment, other: Moment): number {
  return one.at < other.at ? -1 : one.at > other.at ? 1 : 0
}

function iso (ms: number): string {
  return new Date(ms).toISOString()
}
