import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errors } from 'oidc-provider'
import t from 'tap'
import { findEntry } from '../../../authz/explanations/catalogue.ts'

/** The installed library's own source: an upgrade that brings a new error fails here, until the error is explained. */
const library = dirname(fileURLToPath(import.meta.resolve('oidc-provider')))

/** Features that no profile switches on, and what is thrown at start or to our own code and never at a client. */
const ELSEWHERE: ReadonlyMap<RegExp, string> = new Map([
  [/^actions\/(credential|openid_credential_issuer|challenge)\.js|^helpers\/configuration\.js|pre_authorized_code\.js/, 'OpenID4VCI is off'],
  [/attest/, 'attestation-based client authentication is off'],
  [/client_id_metadata_document/, 'client id metadata documents are off'],
  [/^actions\/registration\.js|^helpers\/(client_schema|sector_validate|sector_identifier)\.js|^models\/client\.js/, 'registration is ours, and checks metadata by this schema: client_metadata_invalid'],
  [/^provider\.js|^helpers\/initialize_clients\.js/, 'thrown to our own code'],
  [/reject_structured_tokens/, 'JWTs are introspected and revoked by us'],
  [/re_render_errors|user_code/, 'told on the page where a user types the code, to the user'],
])

/** Texts of their own that no client can cause here. */
const UNREACHABLE: ReadonlyMap<string, string> = new Map([
  ['client certificate was not verified', 'the door hands over verified certificates only'],
  ['accountId mismatch', 'a grant and its codes are of one account'],
  ['clientId mismatch', 'a grant and its tokens are of one client'],
  ['invalid initial access token value', 'registration is ours'],
  ['Web Message Response Mode Relay Mode is not supported', 'the response mode web_message is off'],
  ['could not decrypt the Request Object - the client secret used for its encryption is expired', 'client_secret_expired'],
  ['authorization request resolved without requesting interactions but no account id was resolved', 'access_denied'],
  ['client secret is expired, cannot issue a JWT Authorization response', 'client_secret_expired'],
  ['no suitable encryption key found (x)', 'registration checks the keys of the client'],
  ['client is invalid', 'its detail is: client not found'],
  ['unrecognized id_token_hint audience', 'its detail is: client not found'],
  ['unless encrypted', 'response_mode_not_allowed'],
  ['OAuth-Client-Attestation', 'off'],
])

const ROUTES = ['token', 'authorization', 'resume', 'userinfo', 'introspection', 'revocation', 'pushed_authorization_request', 'device_authorization', 'backchannel_authentication', 'end_session', 'end_session_confirm', 'end_session_success', 'code_verification', 'device_resume']

interface Thrown { readonly file: string, readonly line: number, readonly error: string, readonly text: string }

function errorsOf (file: string): Thrown[] {
  const source = readFileSync(join(library, file), 'utf8')
  const found: Thrown[] = []
  for (const match of source.matchAll(/new (?:errors\.)?([A-Z]\w+)\(\s*(?:(\d+), )?(['"`])((?:\\.|(?!\3).)*)\3/gs)) {
    const [, name = '', , , raw = ''] = match
    const Error = (errors as unknown as Record<string, new (...input: unknown[]) => { error?: string }>)[name]
    const text = raw.replace(/\$\{[^}]*\}/g, 'x').replaceAll("\\'", "'")
    if (Error === undefined || name === 'OIDCProviderError') continue
    const { error } = new Error(text)
    if (error !== undefined) found.push({ file, line: source.slice(0, match.index).split('\n').length, error, text })
  }
  return found
}

function filesOf (folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => entry.isDirectory() ? filesOf(join(folder, entry.name)) : entry.name.endsWith('.js') ? [relative(library, join(folder, entry.name))] : [])
}

t.test('every error that the library can answer a client with has an entry', async (t) => {
  const thrown = filesOf(library).filter((file) => ![...ELSEWHERE.keys()].some((pattern) => pattern.test(file))).flatMap(errorsOf)
  t.ok(thrown.length > 120, `${thrown.length} were found`)
  for (const { file, line, error, text } of thrown) {
    if ([...UNREACHABLE.keys()].some((known) => text.includes(known))) continue
    // A template stands for many texts; what it is filled with at run time is numbers and names.
    const texts = [text, text.replace(/\bx\b/g, '7'), text.replace(/\bx\b/, 'claims x').replace(/^claims x/, 'acr_values parameter'), text.replace(/^x /, 'authorization code '), text.replace(/^x /, 'code_verifier '), text.replace(/^x /, 'urn:x '), text.replace(/x/, 'application/json'), text.replace('claims.x', 'claims.userinfo'), text.replace('missing required x x', 'missing required parameter x').replace('x x must', 'x parameter must').replace('requested x', 'requested scope'), text.replace("'x'", "'exp'"), text.replace('value x', 'value urn:x'), text.replace('Accept: x', 'Accept: application/token-introspection+jwt')]
    t.ok(texts.some((sample) => ROUTES.some((endpoint) => findEntry({ endpoint, error, detail: sample, description: '' }) !== undefined)), `${file}:${line} ${error}: ${text}`)
  }
})

t.test('an error that nobody has heard of is told honestly and marked', async (t) => {
  t.equal(findEntry({ endpoint: 'token', error: 'invalid_grant', detail: 'something new', description: '' }), undefined)
})
