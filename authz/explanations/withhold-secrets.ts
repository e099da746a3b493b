/** Parameters and members whose values are never repeated, wherever they turn up in a text. */
export const SECRET_PARAMETERS: readonly string[] = [
  'client_secret', 'client_assertion', 'assertion', 'code', 'code_verifier', 'refresh_token', 'access_token', 'token', 'device_code', 'user_code',
  'auth_req_id', 'username', 'password', 'request', 'request_uri', 'id_token_hint', 'login_hint', 'login_hint_token', 'logout_hint', 'subject_token', 'actor_token',
  'software_statement', 'registration_access_token', 'client_notification_token', 'xsrf', 'state', 'nonce',
]

const LENGTH_MIN = 4
const WITHHELD = '[withheld]'

/**
 * Makes a filter that takes the given values out of texts: as they were sent, and as they are percent-encoded. The last line of
 * defence: the catalogue names credentials and does not show them, but a person may have sent one in another place as well.
 */
export function createWithholder (secrets: Iterable<string>): (text: string) => string {
  const values = [...new Set([...secrets].flatMap((secret) => [secret, encodeURIComponent(secret)]))]
    .filter((value) => value.length >= LENGTH_MIN)
    .sort((one, other) => other.length - one.length)
  return (text) => values.reduce((rest, value) => rest.replaceAll(value, WITHHELD), withoutExcerpts(text))
}

/** What V8 says of text that is no JSON holds a piece of that text. */
function withoutExcerpts (text: string): string {
  return text.replace(/(?:\.\.\.)?"[^"]*"(?:\.\.\.)?(?: is not valid JSON| \.\.\. is not valid JSON)/g, 'the text is not valid JSON').replace(/Unexpected token .*? in JSON/g, 'Unexpected text in JSON')
}
