import t from 'tap'
import * as openid from 'openid-client'
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose'
import { createFetch } from '../support/authz-client.ts'
import { freePorts, startTestGateway } from '../support/gateway.ts'

for (const [path, algorithm] of [['/realms/a', 'oidc'], ['/realms/a', 'oauth2'], ['/', 'oidc']] as const) {
  await t.test(`an issuer with the path ${path} is found by ${algorithm} discovery, and its tokens and key set under /.well-known are good`, async (t) => {
    const [port] = await freePorts(1)
    const issuer = `https://localhost:${port}${path}`
    const sandgate = await startTestGateway({ 'listen.public.port': port, 'profile.issuer': issuer, 'profile.paths.token': '/realms/a/token', 'profile.paths.jwks': '/.well-known/jwks.json' })
    const web = createFetch({ issuer, ca: sandgate.authorityPem })
    t.teardown(async () => { await web.close(); await sandgate.stop() })
    const sandbox = await sandgate.newSandbox()
    const configuration = await openid.discovery(new URL(issuer), sandbox.client.id, {}, openid.ClientSecretBasic(sandbox.client.secret.reveal()), { algorithm, [openid.customFetch]: (url, options) => web(url, options as never) })
    t.equal(configuration.serverMetadata().issuer, issuer)
    t.equal(configuration.serverMetadata().token_endpoint, `https://localhost:${port}/realms/a/token`)
    const token = await openid.clientCredentialsGrant(configuration, { scope: 'payments:read' })
    const keys = createRemoteJWKSet(new URL(configuration.serverMetadata().jwks_uri ?? ''), { [customFetch]: web })
    t.equal((await jwtVerify(token.access_token, keys, { issuer })).payload.iss, issuer)
    t.equal((await sandgate.call('GET', '/v1/payments', { token: token.access_token })).status, 200)
  })
}
