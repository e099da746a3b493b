/**
 * Makes an element. Text goes in as text nodes only, so nothing that a server or a client sent is ever read as markup.
 *
 * @param {string} tag
 * @param {Record<string, string | boolean | ((event: Event) => void)>} [attributes] `on…` functions listen
 * @param {...(Node | string | number | undefined | null)} children
 */
export function make (tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false && value !== undefined) element.setAttribute(name, value)
  }
  for (const child of children) if (child !== undefined && child !== null) element.append(child instanceof window.Node ? child : String(child))
  return element
}

/**
 * A table with a caption, or a sentence when there is nothing to show.
 *
 * @param {{ caption: string, empty: string, rows: any[], columns: { title: string, cell: (row: any) => Node | string | number | undefined, isNumber?: boolean }[] }} options
 */
export function makeTable ({ caption, empty, rows, columns }) {
  if (rows.length === 0) return make('p', { class: 'empty' }, empty)
  return make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    make('table', {},
      make('caption', {}, caption),
      make('thead', {}, make('tr', {}, ...columns.map(({ title }) => make('th', { scope: 'col' }, title)))),
      make('tbody', {}, ...rows.map((row) => make('tr', {}, ...columns.map(({ cell, isNumber }) => make('td', isNumber ? { class: 'number' } : {}, cell(row))))))))
}

/** Members of an object as a list of terms; nested values as JSON. */
export function makeFacts (object) {
  return make('dl', {}, ...Object.entries(object ?? {}).flatMap(([name, value]) => [make('dt', {}, name.replaceAll('_', ' ')), make('dd', {}, showValue(value))]))
}

/** A problem as the API told it. */
export function makeProblem (problem) {
  return make('div', { class: 'problem', role: 'alert' },
    make('p', {}, make('strong', {}, problem.message)),
    problem.detail === undefined ? undefined : make('p', {}, problem.detail),
    problem.code === undefined ? undefined : make('p', { class: 'note' }, 'Code: ', make('code', {}, problem.code)))
}

/** A moment in the reader's own time, exact in the tooltip. Takes milliseconds, or ISO 8601. */
export function makeTime (at) {
  const date = new Date(at)
  if (at === undefined || at === null || Number.isNaN(date.getTime())) return '–'
  return make('time', { datetime: date.toISOString(), title: date.toISOString() }, date.toLocaleString())
}

/** A status in words and colour. */
export function makeStatus (status, isGood) {
  return make('span', { class: isGood ? 'good' : 'bad' }, status ?? '–')
}

/**
 * A button that is off while its work is under way.
 *
 * @param {string} label
 * @param {() => Promise<void>} work
 */
export function makeButton (label, work, kind = '') {
  const button = make('button', { type: 'button', class: kind }, label)
  button.addEventListener('click', async () => {
    button.disabled = true
    try {
      await work()
    } finally {
      button.disabled = false
    }
  })
  return button
}

/** Says something to people who see the page and to those who hear it. */
export function announce (text) {
  const status = /** @type {HTMLElement} */ (document.getElementById('status'))
  status.textContent = text
  setTimeout(() => { if (status.textContent === text) status.textContent = '' }, 6000)
}

function showValue (value) {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'object') return make('code', {}, JSON.stringify(value))
  return String(value)
}
