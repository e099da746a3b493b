import { call, itemsOf } from './api.js'
import { announce, make, makeButton, makeFacts, makeStatus, makeTable, makeTime } from './dom.js'

/** The sandbox itself, and its reset. @param {{ reload: () => void, attempt: (work: () => Promise<void>) => Promise<void> }} page */
export async function showSandbox (page) {
  const { clients = [], clock, ...sandbox } = await call('GET', '/sandbox')
  const confirmation = make('input', { type: 'checkbox', id: 'confirm-reset' })
  const reset = () => page.attempt(async () => {
    if (!confirmation.checked) return announce('Tick the box first: a reset cannot be undone.')
    await call('POST', '/sandbox/reset')
    announce('The sandbox is back at its baseline.')
    page.reload()
  })
  return [
    make('h1', {}, 'Sandbox'),
    makeFacts({ ...sandbox, clock: clock?.now }),
    make('h2', {}, 'Clients'),
    makeTable({
      caption: 'OAuth clients of this sandbox',
      empty: 'This sandbox has no client.',
      rows: clients,
      columns: [
        { title: 'Client id', cell: (row) => make('code', {}, row.client_id) },
        { title: 'Name', cell: (row) => row.name },
        { title: 'Authenticates by', cell: (row) => row.token_endpoint_auth_method },
      ],
    }),
    make('h2', {}, 'Reset'),
    make('p', { class: 'note' }, 'Puts the world back to its baseline: everything that was created since is gone. Clients, certificates and webhook endpoints stay.'),
    make('div', { class: 'actions' }, confirmation, make('label', { for: 'confirm-reset' }, 'Yes, throw this world away'), makeButton('Reset the sandbox', reset)),
  ]
}

/** Recent requests, the newest first. */
export async function showRequests () {
  const rows = itemsOf(await call('GET', '/sandbox/requests?limit=50'))
  return [
    make('h1', {}, 'Recent requests'),
    makeTable({
      caption: `The last ${rows.length} requests of this sandbox`,
      empty: 'No request has reached this sandbox yet. Call the API with its credentials, then look again.',
      rows,
      columns: [
        { title: 'When', cell: (row) => makeTime(row.at) },
        { title: 'Request', cell: (row) => make('a', { class: 'mono', href: `#requests/${encodeURIComponent(row.id)}` }, `${row.method} ${row.path}`) },
        { title: 'Status', cell: (row) => makeStatus(row.status, row.status < 400), isNumber: true },
        { title: 'Refused by', cell: (row) => row.code === undefined || row.code === null ? '–' : make('span', {}, row.stage ?? '', ' ', make('code', {}, row.code)) },
        { title: 'Took (ms)', cell: (row) => row.duration_ms ?? '–', isNumber: true },
      ],
    }),
  ]
}

/** One request, and why it was refused. */
export async function showRequest (page, id) {
  const { explanation, ...record } = await call('GET', `/sandbox/requests/${encodeURIComponent(id)}`)
  return [
    make('p', {}, make('a', { href: '#requests' }, 'All requests')),
    make('h1', {}, `${record.method ?? 'Request'} ${record.path ?? id}`),
    explanation === undefined || explanation === null
      ? make('p', { class: 'note' }, 'This request was not refused, so there is nothing to explain.')
      : make('section', { class: 'explanation', 'aria-label': 'Explanation' },
        make('p', {}, make('strong', {}, 'Why: '), explanation.cause),
        make('p', {}, make('strong', {}, 'What to do: '), explanation.fix)),
    make('h2', {}, 'Record'),
    makeFacts(record),
  ]
}

/** Webhook endpoints and deliveries, each of which can be sent again. */
export async function showWebhooks (page) {
  const [endpoints, deliveries] = await Promise.all([call('GET', '/sandbox/webhooks/endpoints'), call('GET', '/sandbox/webhooks/deliveries')])
  const replay = (row) => page.attempt(async () => {
    await call('POST', `/sandbox/webhooks/deliveries/${encodeURIComponent(row.id)}/replay`)
    announce('The delivery is on its way again.')
    page.reload()
  })
  return [
    make('h1', {}, 'Webhooks'),
    make('h2', {}, 'Endpoints'),
    makeTable({
      caption: 'Where events are delivered',
      empty: 'No endpoint yet. Register one with POST /sandbox/webhooks/endpoints.',
      rows: itemsOf(endpoints),
      columns: [
        { title: 'URL', cell: (row) => make('span', { class: 'mono' }, row.url) },
        { title: 'Events', cell: (row) => Array.isArray(row.events) && row.events.length > 0 ? row.events.join(', ') : 'all' },
        { title: 'Id', cell: (row) => make('code', {}, row.id) },
      ],
    }),
    make('h2', {}, 'Deliveries'),
    makeTable({
      caption: 'What was delivered, and how it went',
      empty: 'Nothing was delivered yet. Confirm a payment to cause an event.',
      rows: itemsOf(deliveries),
      columns: [
        { title: 'When', cell: (row) => makeTime(row.created_at) },
        { title: 'Event', cell: (row) => make('span', {}, row.event_type, ' ', make('code', {}, row.event_id)) },
        { title: 'State', cell: (row) => makeStatus(row.status, row.status !== 'failed') },
        { title: 'What happened', cell: showDelivery },
        { title: 'Again', cell: (row) => makeButton('Replay', () => replay(row), 'quiet') },
      ],
    }),
  ]
}

/** The payload, and what the receiver answered each time. */
function showDelivery ({ attempts = [], payload, url }) {
  const tries = attempts.map(({ number, status, error, response_body: body }) =>
    make('p', {}, `Attempt ${number}: ${status === undefined ? error?.detail ?? 'no answer' : `answered ${status}`}`, body ? make('pre', {}, body) : undefined))
  return make('details', {},
    make('summary', {}, attempts.length === 1 ? '1 attempt' : `${attempts.length} attempts`),
    make('p', { class: 'mono' }, url), ...tries, make('p', {}, 'Payload'), make('pre', {}, payload))
}

/** The documented magic inputs. */
export async function showTriggers () {
  const rows = itemsOf(await call('GET', '/sandbox/triggers'))
  return [
    make('h1', {}, 'Triggers'),
    make('p', { class: 'note' }, 'Send one of these inputs to see how your code takes a decline, an error or a delay.'),
    makeTable({
      caption: 'Magic inputs of this sandbox',
      empty: 'The behaviour of this API documents no triggers.',
      rows,
      columns: [
        { title: 'Trigger', cell: (row) => row.name },
        { title: 'What it does', cell: (row) => row.description },
        { title: 'Send', cell: (row) => row.input === undefined ? '–' : make('code', {}, `${row.input.member}: ${JSON.stringify(row.input.value)}`) },
        { title: 'To', cell: (row) => make('span', { class: 'mono' }, (row.operations ?? []).map(({ method, path }) => `${method} ${path}`).join(', ')) },
        { title: 'Answer', cell: (row) => row.outcome?.error === undefined ? row.outcome?.status : `${row.outcome.status} ${row.outcome.error}` },
      ],
    }),
  ]
}
