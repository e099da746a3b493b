import { call, itemsOf } from './api.js'
import { announce, make, makeButton, makeFacts, makeTable, makeTime } from './dom.js'

/** All sandboxes, and a form for the next. @param {{ reload: () => void, attempt: (work: () => Promise<void>) => Promise<void> }} page */
export async function showSandboxes (page) {
  const rows = itemsOf(await call('GET', '/control/sandboxes'))
  const result = make('div', { 'aria-live': 'polite' })
  const account = make('input', { id: 'account', name: 'account', autocomplete: 'off', pattern: '[A-Za-z0-9_\\-]{1,64}' })
  const name = make('input', { id: 'name', name: 'name', autocomplete: 'off' })
  const create = (event) => {
    event.preventDefault()
    page.attempt(async () => {
      const created = await call('POST', '/control/sandboxes', { ...(account.value !== '' && { account: account.value }), ...(name.value !== '' && { name: name.value }) })
      result.replaceChildren(make('h2', {}, 'The new sandbox'), make('p', { class: 'note' }, 'Secrets are shown this once: copy them now.'), make('pre', {}, JSON.stringify(created, null, 2)))
      announce('The sandbox was made.')
    })
  }
  return [
    make('h1', {}, 'Sandboxes'),
    makeTable({
      caption: `${rows.length} sandboxes`,
      empty: 'There is no sandbox yet.',
      rows,
      columns: [
        { title: 'Id', cell: (row) => make('code', {}, row.id) },
        { title: 'Name', cell: (row) => row.name ?? '–' },
        { title: 'Account', cell: (row) => row.account },
        { title: 'Made', cell: (row) => makeTime(row.created_at) },
      ],
    }),
    make('h2', {}, 'Make a sandbox'),
    make('form', { onsubmit: create },
      make('label', { for: 'account' }, 'Account (a new one when left empty)'), account,
      make('label', { for: 'name' }, 'Name (optional)'), name,
      make('button', { type: 'submit' }, 'Make the sandbox')),
    result,
  ]
}

/** Bans in force, each of which can be lifted. */
export async function showBans (page) {
  const rows = itemsOf(await call('GET', '/control/bans'))
  const lift = (row) => page.attempt(async () => {
    await call('DELETE', `/control/bans/${encodeURIComponent(row.id)}`)
    announce('The ban was lifted.')
    page.reload()
  })
  return [
    make('h1', {}, 'Bans'),
    makeTable({
      caption: 'Bans in force',
      empty: 'Nobody is banned.',
      rows,
      columns: [
        { title: 'Who', cell: (row) => make('span', {}, row.scope ?? '', ' ', make('code', {}, row.subject)) },
        { title: 'Rule', cell: (row) => row.rule },
        { title: 'Until', cell: (row) => makeTime(row.ends_at) },
        { title: 'Why', cell: (row) => row.explanation },
        { title: 'Lift', cell: (row) => makeButton('Lift', () => lift(row), 'quiet') },
      ],
    }),
  ]
}

/** The abuse rules that are loaded. */
export async function showRules () {
  const rows = itemsOf(await call('GET', '/control/rules'))
  return [
    make('h1', {}, 'Rules'),
    rows.length === 0 ? make('p', { class: 'empty' }, 'No abuse rule is loaded. Rules are files in the directory that the configuration names.') : undefined,
    ...rows.flatMap(({ id, description, ...rest }) => [make('h2', {}, id ?? 'Rule'), description === undefined ? undefined : make('p', {}, description), makeFacts(rest)]),
  ]
}
