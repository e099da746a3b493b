const FILTER = /^(?:\*|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*(?:\.\*)?)$/
const FILTER_LENGTH_MAX = 128

/** True when a filter names the event type: exactly, by `payments.*` for everything below `payments.`, or by `*`. */
export function matchesEvent (filters: readonly string[], eventType: string): boolean {
  return filters.some((filter) => {
    if (filter === '*' || filter === eventType) return true
    return filter.endsWith('.*') && eventType.startsWith(filter.slice(0, -1))
  })
}

/** True for a filter that `matchesEvent` understands, of at most 128 characters. */
export function isEventFilter (text: string): boolean {
  return text.length <= FILTER_LENGTH_MAX && FILTER.test(text)
}
