import * as openid from 'openid-client'
import { Agent, fetch as undiciFetch } from 'undici'
import type { AuthorizationServer, NewClient } from '../../authz/index.ts'
import type { IssuedCertificate } from '../../certs/index.ts'
import { REDIRECT_URI, SANDBOX_A } from './authz-server.ts'

export const ALL_SCOPES = ['openid', 'offline_access', 'profile', 'email', 'payments:read', 'payments:write', 'ledger:read']

/** Makes a client of sandbox A that may do everything, unless told otherwise. */
export async function createClient (authz: AuthorizationServer, overrides: Partial<NewClient> = {}) {
  return await authz.clients.create({
    sandboxId: SANDBOX_A,
    name: 'Test client',
    authMethod: 'client_secret_basic',
    redirectUris: [REDIRECT_URI],
    scopes: ALL_SCOPES,
    grants: ['client_credentials', 'authorization_code', 'refresh_token'],
    ...overrides,
  })
}

type Fetch = typeof fetch

/** Where an authorization server is, and the authority of its certificate. */
export interface TestServerAddress { readonly issuer: string, readonly ca: string }

/** `fetch` that trusts the test authority and presents a certificate, if given. Closes its connections with `close`. */
export function createFetch (server: TestServerAddress, certificate?: IssuedCertificate): Fetch & { close: () => Promise<void> } {
  const dispatcher = new Agent({ connect: { ca: server.ca, ...(certificate === undefined ? {} : { cert: certificate.certificatePem, key: certificate.keyPem }) } })
  const bound = (async (input: string | URL, init?: object) => await undiciFetch(input, { redirect: 'manual', ...init, dispatcher } as never)) as unknown as Fetch
  return Object.assign(bound, { close: async () => { await dispatcher.close() } })
}

/** openid-client, configured by discovery. With a certificate it uses the mutual-TLS aliases. */
export async function discover (server: TestServerAddress, clientId: string, auth: openid.ClientAuth, certificate?: IssuedCertificate): Promise<openid.Configuration> {
  const fetcher = createFetch(server, certificate)
  return await openid.discovery(new URL(server.issuer), clientId, certificate === undefined ? {} : { use_mtls_endpoint_aliases: true }, auth, {
    [openid.customFetch]: (url, options) => fetcher(url, options as never),
  })
}

/** POSTs a form. */
export async function postForm (fetcher: Fetch, url: string, form: Record<string, string> | URLSearchParams, headers: Record<string, string> = {}): Promise<{ status: number, headers: Headers, text: string, json: Record<string, unknown> }> {
  const response = await fetcher(url, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: new URLSearchParams(form).toString() })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: text.startsWith('{') ? JSON.parse(text) as Record<string, unknown> : {} }
}

export function basic (clientId: string, secret: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64')}` }
}

export interface Page { readonly url: string, readonly status: number, readonly headers: Headers, readonly text: string }

/** A browser without script: cookies, redirects and forms, as far as the pages need them. It stops at a redirect to another host. */
export class Browser {
  readonly #fetch: Fetch
  readonly #cookies = new Map<string, { value: string, path: string }>()

  constructor (fetcher: Fetch) {
    this.#fetch = fetcher
  }

  cookiesFor (url: URL): string {
    return [...this.#cookies].filter(([, { path }]) => url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`)).map(([key, { value }]) => `${key.split('|')[0]}=${value}`).join('; ')
  }

  async visit (address: string | URL, form?: Record<string, string>): Promise<Page> {
    const url = new URL(address)
    const response = await this.#fetch(url, {
      method: form === undefined ? 'GET' : 'POST',
      headers: { accept: 'text/html', cookie: this.cookiesFor(url), ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }) },
      ...(form === undefined ? {} : { body: new URLSearchParams(form).toString() }),
    })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    const text = await response.text()
    const location = response.headers.get('location')
    if (location === null) return { url: url.href, status: response.status, headers: response.headers, text }
    const target = new URL(location, url)
    return target.host === url.host ? await this.visit(target) : { url: target.href, status: response.status, headers: response.headers, text }
  }

  /** Presses the button whose text or name contains `label`. */
  async press (page: Page, label: string): Promise<Page> {
    for (const [, action = '', inner = ''] of page.text.matchAll(/<form method="post" action="([^"]*)">([\s\S]*?)<\/form>/g)) {
      const button = [...inner.matchAll(/<button([^>]*)>([\s\S]*?)<\/button>/g)].find(([, , text = '']) => text.includes(label))
      if (button === undefined) continue
      const inputs: string[][] = [...inner.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(([, name = '', value = '']) => [name, value])
      const [, name] = /name="([^"]*)"/.exec(button[1] ?? '') ?? []
      const [, value = ''] = /value="([^"]*)"/.exec(button[1] ?? '') ?? []
      const fields = name === undefined ? inputs : [...inputs, [name, value]]
      return await this.visit(new URL(action, page.url), Object.fromEntries(fields) as Record<string, string>)
    }
    throw new Error(`no button ${label} on ${page.url}: ${page.text}`)
  }

  #keep (line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
    const at = pair.indexOf('=')
    const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? '/'
    const key = `${pair.slice(0, at)}|${path}`
    if (/expires=thu, 01 jan 1970/i.test(line)) this.#cookies.delete(key)
    else this.#cookies.set(key, { value: pair.slice(at + 1), path })
  }
}

/** Walks a browser through login and consent to the redirect with the code. */
export async function authorize (browser: Browser, configuration: openid.Configuration, options: { user: string, scope?: string, redirectUri?: string, parameters?: Record<string, string> }) {
  const verifier = openid.randomPKCECodeVerifier()
  const state = openid.randomState()
  const url = openid.buildAuthorizationUrl(configuration, {
    redirect_uri: options.redirectUri ?? REDIRECT_URI,
    scope: options.scope ?? 'openid profile email offline_access payments:read',
    state,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...options.parameters,
  })
  let page = await browser.visit(url)
  if (page.text.includes('Choose a test user')) page = await browser.press(page, options.user)
  if (page.text.includes('>Allow<')) page = await browser.press(page, 'Allow')
  return { callback: new URL(page.url), page, verifier, state }
}
