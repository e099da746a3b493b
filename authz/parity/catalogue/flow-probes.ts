import { isJsonObject, type Json, type JsonObject } from '../../../kernel/index.ts'
import type { HttpRequest } from '../probe/http-client.ts'
import type { Facts, Probe } from '../probe/probe.ts'
import type { Session } from '../probe/session.ts'
import type { LoginOutcome } from '../probe/log-in.ts'
import { parseJson, shapeMembers } from '../probe/shape-value.ts'
import { shapeTokenResponse } from '../probe/shape-token.ts'
import { ask, encodeForm } from './request-probe.ts'

const CLIENT = ['client', 'endpoint:token']
const OWN = [...CLIENT, 'grant:client_credentials']
const LOGIN = [...CLIENT, 'login']

/** What a client gets that does everything right, and what a code or refresh token is worth that is used wrongly. */
export const flowProbes: readonly Probe[] = [
  { id: 'client_credentials', area: 'token', title: 'tokens of the client itself', needs: OWN, observe: async (session) => shapeTokens(session, await session.ownTokens()) },
  { id: 'client_credentials_answer', area: 'headers', title: 'the answer that carries a token', needs: OWN, observe: async (session) => withoutMembers(await ask(session, 'client_credentials_answer', 'token', await session.postAsClient('token', 'grant_type=client_credentials'))) },
  { id: 'authorization_response', area: 'authorization', title: 'the redirect that carries a code', needs: LOGIN, observe: shapeRedirect },
  { id: 'authorization_code', area: 'token', title: 'tokens for a code', needs: LOGIN, observe: async (session) => shapeTokens(session, await session.userTokens()) },
  { id: 'introspection', area: 'introspection', title: 'introspection of a token in force', needs: [...OWN, 'endpoint:introspection'], observe: async (session) => await shapeJson(session, 'introspection', async () => await session.postAsClient('introspection', encodeForm(['token', textOf(await session.ownTokens(), 'access_token')]))) },
  { id: 'userinfo', area: 'userinfo', title: 'userinfo of a user', needs: [...LOGIN, 'endpoint:userinfo'], observe: async (session) => await shapeJson(session, 'userinfo', async () => userinfoRequest(session, textOf(await session.userTokens(), 'access_token'))) },
  { id: 'userinfo_of_a_client', area: 'error', title: 'userinfo with a token that stands for no user', needs: [...OWN, 'endpoint:userinfo'], observe: async (session) => await ask(session, 'userinfo_of_a_client', 'userinfo', userinfoRequest(session, textOf(await session.ownTokens(), 'access_token'))) },
  codeProbe('replayed_code', 'a code that was redeemed before', async (session, form) => {
    await session.redeem(form)
    return form
  }),
  codeProbe('bad_verifier', 'a code with another code_verifier', async (_session, form) => replaced(form, 'code_verifier', 'w'.repeat(43))),
  codeProbe('missing_verifier', 'a code without its code_verifier', async (_session, form) => replaced(form, 'code_verifier', undefined)),
  codeProbe('wrong_redirect_uri_at_token', 'a code with another redirect_uri', async (_session, form) => replaced(form, 'redirect_uri', 'https://redirect.parity.example/')),
  codeProbe('missing_redirect_uri_at_token', 'a code without its redirect_uri', async (_session, form) => replaced(form, 'redirect_uri', undefined)),
  { id: 'refresh', area: 'token', title: 'refreshing, and using the old refresh token again', needs: [...LOGIN, 'grant:refresh_token'], observe: refresh },
  { id: 'revocation_of_own_token', area: 'error', title: 'revocation of a token in force', needs: [...OWN, 'endpoint:revocation'], observe: async (session) => await ask(session, 'revocation_of_own_token', 'revocation', await session.postAsClient('revocation', encodeForm(['token', textOf(await session.redeem('grant_type=client_credentials'), 'access_token')]))) },
]

/** A token that is bound to a certificate is shown with it (RFC 8705 §3). */
function userinfoRequest (session: Session, token: string): HttpRequest {
  const { client } = session.side
  const certificate = client !== undefined && 'certificate' in client.auth ? client.auth.certificate : client?.certificate
  return {
    method: 'GET',
    url: certificate === undefined ? session.endpoint('userinfo') : session.alias('userinfo'),
    headers: [['authorization', `Bearer ${token}`]],
    ...(certificate === undefined ? {} : { certificate }),
  }
}

function codeProbe (id: string, title: string, change: (session: Session, form: string) => Promise<string>): Probe {
  return {
    id,
    area: 'error',
    title,
    needs: LOGIN,
    observe: async (session) => {
      const outcome = await session.logIn()
      if (outcome.kind === 'stopped') return { [`error.${id}.failure`]: outcome.why }
      return await ask(session, id, 'token', await session.postAsClient('token', await change(session, outcome.form)))
    },
  }
}

async function shapeRedirect (session: Session): Promise<Facts> {
  const outcome: LoginOutcome = await session.logIn()
  if (outcome.kind === 'stopped') return { 'authorization.parameters': null, 'authorization.response_mode': null }
  return { 'authorization.parameters': outcome.parameters, 'authorization.response_mode': outcome.carrier }
}

function shapeTokens (session: Session, tokens: JsonObject | undefined): Facts {
  return tokens === undefined ? { 'token.granted': false } : { 'token.granted': true, ...shapeTokenResponse(tokens, session.roles) }
}

async function shapeJson (session: Session, area: string, request: () => Promise<HttpRequest>): Promise<Facts> {
  const answer = await session.send(await request())
  if (answer.kind === 'failed') return { [`${area}.failure`]: answer.why }
  const body = parseJson(answer.body)
  return { [`${area}.status`]: answer.status, [`${area}.format`]: isJsonObject(body) ? 'JSON' : answer.body.split('.').length === 3 ? 'JWT' : 'other', ...(body === undefined ? {} : shapeMembers(`${area}.members.`, body, session.roles)) }
}

async function refresh (session: Session): Promise<Facts> {
  const first = textOf(await session.userTokens(), 'refresh_token')
  if (first === '') return { 'token.refreshed': 'no refresh token was issued' }
  const again = encodeForm(['grant_type', 'refresh_token'], ['refresh_token', first])
  const tokens = await session.redeem(again)
  const second = textOf(tokens, 'refresh_token')
  const facts = { 'token.refreshed': tokens !== undefined, 'token.rotation': second !== '' && second !== first, 'token.refresh_members': tokens === undefined ? null : Object.keys(tokens).slice(0, 40).sort() }
  return { ...facts, ...await ask(session, 'refresh_token_again', 'token', await session.postAsClient('token', again)) }
}

function withoutMembers (facts: Facts): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !/\.(?:members|description)$/.test(name)))
}

function replaced (form: string, name: string, value: string | undefined): string {
  const changed = new URLSearchParams(form)
  if (value === undefined) changed.delete(name)
  else changed.set(name, value)
  return changed.toString()
}

function textOf (members: JsonObject | undefined, name: string): string {
  const value: Json | undefined = members?.[name]
  return typeof value === 'string' ? value : ''
}
