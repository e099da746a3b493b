import { Agent, request } from 'undici'
import type { Test } from 'tap'
import { Browser, type Page, type TestServerAddress } from './authz-client.ts'

/** A browser without script that follows redirects from host to host, and keeps the cookies of each to itself. */
export class RoamingBrowser {
  readonly #open: () => Browser
  readonly #hosts = new Map<string, Browser>()

  constructor (t: Test, { ca }: TestServerAddress) {
    const agent = new Agent({ connect: { ca } })
    t.teardown(async () => await agent.close())
    this.#open = () => new Browser(createNavigation(agent))
  }

  async visit (address: string | URL): Promise<Page> {
    return await this.#follow(await this.#at(address).visit(address))
  }

  /** Presses the button, at whatever host the form goes to. */
  async press (page: Page, label: string): Promise<Page> {
    const [, action = page.url] = /<form method="post" action="([^"]*)">/.exec(page.text) ?? []
    return await this.#follow(await this.#at(new URL(action, page.url)).press(page, label))
  }

  #at (address: string | URL): Browser {
    const { host } = new URL(address)
    const known = this.#hosts.get(host) ?? this.#open()
    this.#hosts.set(host, known)
    return known
  }

  /** A redirect to another host was not followed yet. */
  async #follow (page: Page): Promise<Page> {
    return page.headers.has('location') ? await this.#follow(await this.#at(page.url).visit(page.url)) : page
  }
}

/** `fetch` that says of itself what a browser says when a person navigates (Fetch Metadata); the real one cannot, and is taken for a script. */
function createNavigation (dispatcher: Agent): typeof fetch & { close: () => Promise<void> } {
  const navigate = async (address: string | URL, { method = 'GET', headers = {}, body }: { method?: 'GET' | 'POST', headers?: Record<string, string>, body?: string } = {}): Promise<Response> => {
    const answer = await request(address, { dispatcher, method, headers: { ...headers, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, ...(body === undefined ? {} : { body }) })
    const received = new Headers()
    for (const [name, values = []] of Object.entries(answer.headers)) for (const value of [values].flat()) received.append(name, value)
    return new Response(await answer.body.text(), { status: answer.statusCode, headers: received })
  }
  return Object.assign(navigate as unknown as typeof fetch, { close: async () => { await dispatcher.close() } })
}
