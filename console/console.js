import { ApiProblem, call, forgetKey, keepKey, readKey } from './api.js'
import { make, makeProblem } from './dom.js'
import { showBans, showRules, showSandboxes } from './operator-pages.js'
import { showRequest, showRequests, showSandbox, showTriggers, showWebhooks } from './sandbox-pages.js'

const PAGES = {
  sandbox: [['sandbox', 'Sandbox', showSandbox], ['requests', 'Requests', showRequests], ['webhooks', 'Webhooks', showWebhooks], ['triggers', 'Triggers', showTriggers]],
  operator: [['sandboxes', 'Sandboxes', showSandboxes], ['bans', 'Bans', showBans], ['rules', 'Rules', showRules]],
}

const content = /** @type {HTMLElement} */ (document.getElementById('content'))
const navigation = /** @type {HTMLElement} */ (document.getElementById('navigation'))
const signOut = /** @type {HTMLElement} */ (document.getElementById('sign-out'))

/** What the pasted key opens, found out once: a sandbox key answers GET /sandbox, an operator's token GET /control/sandboxes. */
/** @type {'sandbox' | 'operator' | undefined} */
let role
/** Counts navigations, so that a slow answer never paints over a later page. */
let turn = 0

async function findRole () {
  try {
    await call('GET', '/sandbox')
    return 'sandbox'
  } catch (problem) {
    if (!(problem instanceof ApiProblem) || ![401, 403, 404].includes(problem.status)) throw problem
  }
  await call('GET', '/control/sandboxes')
  return 'operator'
}

async function route () {
  const mine = ++turn
  if (readKey() === null) return paintSignIn()
  paint([make('p', { class: 'note' }, 'Loading…')])
  try {
    role ??= await findRole()
    const [name, id] = window.location.hash.slice(1).split('/', 2)
    const pages = PAGES[role]
    const [current, title, show] = pages.find(([each]) => each === name) ?? pages[0]
    paintNavigation(pages, current)
    const nodes = id !== undefined && current === 'requests' ? await showRequest(page, decodeURIComponent(id)) : await show(page)
    if (mine !== turn) return
    document.title = `${title} – Sandgate console`
    paint(nodes)
    content.focus({ preventScroll: true })
  } catch (problem) {
    if (mine === turn) paintProblem(problem)
  }
}

const page = {
  reload: route,
  /** Runs an action; what goes wrong is shown above the page, which stays. */
  attempt: async (work) => {
    content.querySelector(':scope > .problem')?.remove()
    try {
      await work()
    } catch (problem) {
      content.prepend(makeProblem(problem))
    }
  },
}

function paint (nodes) {
  content.replaceChildren(...nodes.filter((node) => node !== undefined))
}

function paintProblem (problem) {
  if (problem instanceof ApiProblem && (problem.status === 401 || problem.status === 403) && role === undefined) {
    forgetKey()
    return paintSignIn(makeProblem(new ApiProblem(problem.status, { title: 'This key was not accepted', detail: 'Paste a sandbox key or the operator\'s token exactly as it was printed.' })))
  }
  paint([make('h1', {}, 'This did not work'), makeProblem(problem), make('p', {}, make('button', { type: 'button', onclick: route }, 'Try again'))])
}

function paintNavigation (pages, current) {
  navigation.hidden = signOut.hidden = false
  navigation.replaceChildren(...pages.map(([name, title]) => make('a', { href: `#${name}`, ...(name === current && { 'aria-current': 'page' }) }, title)))
}

function paintSignIn (problem) {
  role = undefined
  navigation.hidden = signOut.hidden = true
  document.title = 'Sandgate console'
  const key = make('input', { id: 'key', type: 'password', required: true, autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'key-note' })
  const submit = (event) => {
    event.preventDefault()
    keepKey(key.value.trim())
    route()
  }
  paint([
    make('h1', {}, 'Open a sandbox'),
    problem,
    make('form', { onsubmit: submit },
      make('label', { for: 'key' }, 'Sandbox key or operator\'s token'), key,
      make('p', { id: 'key-note', class: 'note' }, 'It was printed at first start. It stays in this tab, is sent to this gateway only, and is gone when the tab closes.'),
      make('button', { type: 'submit' }, 'Open')),
  ])
  key.focus()
}

signOut.addEventListener('click', () => {
  forgetKey()
  turn++
  paintSignIn()
})
window.addEventListener('hashchange', route)
route()
