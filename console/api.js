const KEY_NAME = 'sandgate-key'

/** Something the control API refused, in its own words (RFC 9457), or a failure to reach it. */
export class ApiProblem extends Error {
  /**
   * @param {number} status HTTP status; 0 when there was no answer
   * @param {{ title?: string, detail?: string, code?: string }} body
   */
  constructor (status, body) {
    super(body.title ?? `The answer was ${status}`)
    this.status = status
    this.detail = body.detail
    this.code = body.code
  }
}

/** The pasted key, kept for this tab only and never put into a URL. @returns {string | null} */
export function readKey () {
  return sessionStorage.getItem(KEY_NAME)
}

/** @param {string} key */
export function keepKey (key) {
  sessionStorage.setItem(KEY_NAME, key)
}

export function forgetKey () {
  sessionStorage.removeItem(KEY_NAME)
}

/**
 * One call of the control API on the origin that served the console.
 *
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>} the parsed body; undefined when there is none
 * @throws {ApiProblem}
 */
export async function call (method, path, body) {
  const headers = { accept: 'application/json', authorization: `Bearer ${readKey() ?? ''}` }
  if (body !== undefined) headers['content-type'] = 'application/json'
  const request = { method, headers, credentials: 'omit', cache: 'no-store', redirect: 'error', ...(body !== undefined && { body: JSON.stringify(body) }) }
  const response = await fetch(path, request).catch(() => {
    throw new ApiProblem(0, { title: 'The gateway did not answer', detail: 'Check that it is running, then try again.' })
  })
  const answer = await response.json().catch(() => undefined)
  if (!response.ok) throw new ApiProblem(response.status, answer ?? {})
  return answer
}

/** Items of a page, `{data, next}` or a plain array. @returns {any[]} */
export function itemsOf (page) {
  return Array.isArray(page) ? page : Array.isArray(page?.data) ? page.data : []
}
