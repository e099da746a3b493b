import fc from 'fast-check'
import t from 'tap'
import { isPathAmbiguous, resolveTarget } from '../../../gateway/stages/resolve-target.ts'
import { addsOf, arrivalOf, refusalOf, ROUTE } from '../../support/gateway-literals.ts'

const stage = resolveTarget()

t.test('a path that two servers may read differently is refused before anything else is said of it', async (t) => {
  for (const url of ['/a%2fb', '/a%2Fb', '/a%5cb', '/a\\b', '/a%00', '//a', '/a//b', '/a/./b', '/a/../b', '/..', '/a/.', '/%2e%2e/b', '/a/%2E/b', '/a%2e']) {
    t.equal(refusalOf(await stage.decide(arrivalOf({ url, route: undefined }))).code, 'path_invalid', url)
  }
})

t.test('what nothing is served at is refused', async (t) => {
  const { route: _route, ...rest } = arrivalOf()
  t.equal(refusalOf(await stage.decide({ ...rest, route: undefined })).code, 'route_not_found')
})

t.test('a method that the path does not serve is refused, and the record names those that it does', async (t) => {
  t.match(refusalOf(await stage.decide(arrivalOf({ method: 'PUT', route: { ...ROUTE, allowedMethods: ['GET', 'HEAD'] } }))), { code: 'method_not_allowed', internalDetail: /GET, HEAD, not PUT/ })
})

t.test('a route is the target', async (t) => {
  t.equal(addsOf(await stage.decide(arrivalOf())).target, ROUTE)
})

t.test('a query may hold anything, and dots within a segment are letters', async (t) => {
  for (const url of ['/a?b=%2f..//\\', '/a.b', '/a/..b', '/a/b..', '/a/...', '/a/b.', '/%C3%A9', '/a%20b']) t.notOk(isPathAmbiguous(url), url)
})

t.test('a path that URL parsing changes is ambiguous', async (t) => {
  const piece = fc.constantFrom('a', '.', '..', '%2e', '%2E', '/', '%2f', '\\', '%5C', 'b', '%41', '.a', '')
  t.doesNotThrow(() => fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
    const path = `/${pieces.join('')}`
    return isPathAmbiguous(path) || new URL(path, 'https://h').pathname === path
  })))
})
