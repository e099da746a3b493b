import t from 'tap'
import { html } from '../../authz/interaction/pages/html.ts'
import { pageStyle } from '../../authz/interaction/pages/page-style.ts'
import { createPages } from '../../authz/interaction/pages/pages.ts'

t.test('every value is escaped, in text and in attributes', (t) => {
  const evil = '"><script>alert(\'1\')</script>`&'
  t.equal(html`<a title="${evil}">${evil}</a>`.markup.match(/[<>]/g)?.length, 4)
  const pages = createPages({ name: evil, colour: 'red;}</style><script>' })
  const user = { sub: evil, username: evil, name: evil, email: evil, conditions: [evil], hasPassword: true, group: 'signing in' as const }
  const form = { action: evil, abortAction: evil, csrfToken: evil, clientName: evil, alert: evil }
  const views = [
    pages.login({ ...form, users: [user, { ...user, conditions: [], group: 'plain' as const }] }),
    pages.password({ ...form, user }),
    pages.oneTimeCode({ ...form, user, passwordProof: evil, rightCode: evil }),
    pages.consent({ action: evil, csrfToken: evil, clientName: evil, user, scopes: [evil], claims: [evil], resources: [evil], authorizationDetails: [{ type: evil, [evil]: evil }], returnsTo: evil }),
    pages.failure(400, evil, evil),
    pages.deviceInput({ action: evil, xsrf: evil, userCode: evil, alert: evil }),
    pages.deviceConfirm({ action: evil, xsrf: evil, userCode: evil, clientName: evil }),
    pages.deviceDone(evil),
    pages.logout(evil, evil, evil),
  ]
  for (const { body } of views) t.notMatch(body, /<script|alert\('/)
  t.notMatch(pages.formPost(200, evil, [[evil, evil]]).body, /alert\('/)
  t.end()
})

t.test('the policy admits the style that the page has', async (t) => {
  const { createHash } = await import('node:crypto')
  const { body, headers } = createPages({ name: 'x', colour: '#00ff00' }).failure(404, 'a', 'b')
  const style = /<style>([\s\S]*?)<\/style>/.exec(body)?.[1] ?? ''
  t.match(headers['content-security-policy'], `'sha256-${createHash('sha256').update(style).digest('base64')}'`)
})

t.test('text on the brand\'s colour is dark or light, whichever can be read', (t) => {
  t.match(pageStyle('#ffee00'), '--brand:#ffee00;--ink:#18181b')
  t.match(pageStyle('#1f4ed8'), '--brand:#1f4ed8;--ink:#ffffff')
  t.match(pageStyle('url(x)'), '--brand:#1f4ed8')
  t.end()
})

t.test('a sandbox without test users says so', (t) => {
  const { body } = createPages({ name: 'x', colour: '#000000' }).login({ action: '/a', abortAction: '/b', csrfToken: 'c', clientName: 'd', users: [] })
  t.match(body, /role="status">This sandbox has no test users/)
  t.end()
})
