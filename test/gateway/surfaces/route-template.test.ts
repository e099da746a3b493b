import Fastify from 'fastify'
import fc from 'fast-check'
import t from 'tap'
import { parseRouteTemplate } from '../../../gateway/surfaces/route-template.ts'

/** The parameters that a path gives when a real router captures them. */
async function route (template: string, path: string, scrubbedPath?: string): Promise<Record<string, string> | undefined> {
  const { url, parametersOf } = parseRouteTemplate(template)
  const app = Fastify()
  let parameters: Record<string, string> | undefined
  app.get(url, (request, reply) => {
    parameters = parametersOf(request.params as Record<string, string>, scrubbedPath)
    return reply.send()
  })
  await app.inject(path)
  await app.close()
  return parameters === undefined ? undefined : { ...parameters }
}

t.test('what does not match is not served', async (t) => {
  t.equal(await route('/v1/customers/{id}', '/v1/customers'), undefined)
  t.equal(await route('/v1/customers/{id}', '/v1/customers/a/b'), undefined)
  t.equal(await route('/reports/{id}.csv', '/reports/a.pdf'), undefined)
})

t.test('parameters are found by name, decoded', async (t) => {
  t.same(await route('/v1/customers/{customer_id}', '/v1/customers/cus_1'), { customer_id: 'cus_1' })
  t.same(await route('/a/{x-y}/b/{z.w}', '/a/1/b/2'), { 'x-y': '1', 'z.w': '2' }, 'names that the router would not take')
  t.same(await route('/a/{id}', '/a/%C3%A9%20x'), { id: 'é x' })
  t.same(await route('/reports/{id}.csv', '/reports/2024.csv'), { id: '2024' })
  t.same(await route('/a/{b}:cancel', '/a/1:cancel'), { b: '1' }, 'a colon of the document is a letter')
  t.same(await route('/plain', '/plain'), {})
})

t.test('when the path was scrubbed after routing, the parameters are those of the scrubbed path', async (t) => {
  t.same(await route('/a/{email}', '/a/jane%40gmail.com', '/a/p123%40example.test'), { email: 'p123@example.test' })
  t.same(await route('/a/{x}/b/{y}.csv', '/a/1/b/2.csv', '/a/3/b/4.csv'), { x: '3', y: '4' })
  t.same(await route('/a.c/{x}', '/a.c/1', '/a%2Ec/9'), { x: '9' }, 'however the rest of the path is written')
  t.same(await route('/v1/customers/{id}', '/v1/%63ustomers/jane%40gmail.com', '/v1/%63ustomers/p123%40example.test'), { id: 'p123@example.test' }, 'never the captured one')
  t.same(await route('/reports/{id}.csv', '/reports/jane%40gmail.csv', '/reports/p123%40example.test'), { id: 'p123@example.test' }, 'also when scrubbing took a literal away')
  t.equal(await route('/a.c/{x}', '/abc/9'), undefined, 'a dot of the document is a dot')
})

t.test('a parameter called __proto__ is one, and pollutes nothing', async (t) => {
  const { parametersOf } = parseRouteTemplate('/a/{__proto__}')
  const parameters = parametersOf({ p0: 'x' }, undefined)
  t.equal(Object.getPrototypeOf(parameters), null)
  t.same(Object.entries(parameters), [['__proto__', 'x']])
})

t.test('a percent sign that encodes nothing is kept', async (t) => {
  t.equal(parseRouteTemplate('/a/{x}').parametersOf({}, '/a/100%')['x'], '100%')
})

t.test('what was put into a template comes out of it', async (t) => {
  const segment = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !/[/\\]|^\.{1,2}$/.test(text) && text.isWellFormed())
  t.doesNotThrow(() => fc.assert(fc.property(segment, segment, (x, y) => {
    const parameters = parseRouteTemplate('/v1/{x}/items/{y}').parametersOf({}, `/v1/${encodeURIComponent(x)}/items/${encodeURIComponent(y)}`)
    return parameters['x'] === x && parameters['y'] === y
  })))
})
