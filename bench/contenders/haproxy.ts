import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Materials } from '../protocol.ts'
import type { Contender } from './contender.ts'

const CLAIMS = 'signature (ES256), issuer, audience, expiry, certificate binding (x5t#S256)'

/** haproxy as its manual and its makers' articles set it up: jwt_verify and the claims at each request, a stick-table for the rate. */
export const haproxyEachTime: Contender = haproxy({
  name: 'haproxy, jwt_verify each time',
  enforces: `client certificate; ${CLAIMS} at each request; request rate by client_id in a stick-table`,
  gate: 4,
  policyOf: (materials) => `${verification(materials, '')}
  http-request set-var(txn.client) var(txn.token),jwt_payload_query('$.client_id')
  http-request track-sc0 var(txn.client) table rates`,
})

/**
 * The strongest that we know how to make it: a second stick-table keeps the expiry of what was verified, under a hash of token and
 * certificate, so that signature and claims are looked at once.
 */
export const haproxyKept: Contender = haproxy({
  name: 'haproxy, verified tokens kept',
  enforces: `client certificate; ${CLAIMS} at first sight, kept in a stick-table under a hash of token and certificate, expiry at each request; request rate by certificate`,
  gate: 1.3,
  policyOf: (materials) => `
  http-request set-var(txn.pair) var(txn.token),concat(.,txn.x5t)
  http-request set-var(txn.key) var(txn.pair),sha2(256)
  http-request set-var(txn.until) var(txn.key),table_gpt0(verified)
  http-request set-var(txn.left) var(txn.until),sub(txn.now)
  acl kept var(txn.left) -m int gt 0
${verification(materials, '!kept')}
  http-request track-sc1 var(txn.key) table verified if !kept
  http-request sc-set-gpt0(1) var(txn.exp) if !kept
  http-request track-sc0 var(txn.x5t) table rates`,
})

function verification ({ issuer, audience, issuerKeyFile }: Materials, condition: string): string {
  const when = condition === '' ? '' : ` if ${condition}`
  const and = condition === '' ? '' : `${condition} `
  return `
  http-request deny deny_status 401 if ${and}!{ var(txn.token),jwt_header_query('$.alg') -m str ES256 }
  http-request deny deny_status 401 if ${and}!{ var(txn.token),jwt_verify(txn.alg,"${issuerKeyFile}") -m int 1 }
  http-request deny deny_status 401 if ${and}!{ var(txn.token),jwt_payload_query('$.iss') -m str ${issuer} }
  http-request deny deny_status 401 if ${and}!{ var(txn.token),jwt_payload_query('$.aud') -m str ${audience} }
  http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')${when}
  http-request set-var(txn.ahead) var(txn.exp),sub(txn.now)${when}
  http-request deny deny_status 401 if ${and}!{ var(txn.ahead) -m int gt 0 }
  http-request set-var(txn.bound) var(txn.token),jwt_payload_query('$.cnf.x5t#S256')${when}
  http-request deny deny_status 401 if ${and}!{ var(txn.bound),strcmp(txn.x5t) eq 0 }`
}

interface Variant extends Pick<Contender, 'name' | 'enforces' | 'gate'> { readonly policyOf: (materials: Materials) => string }

function haproxy ({ policyOf, ...described }: Variant): Contender {
  return {
    ...described,
    isFloor: false,
    needs: ['haproxy'],
    start: async ({ machinery, materials, core, programs }) => {
      const port = await machinery.freePort()
      const file = join(materials.directory, `haproxy-${port}.cfg`)
      writeFileSync(file, configure(materials, { port, corePort: core.port, policy: policyOf(materials) }))
      const { pid } = await machinery.startProgram({ program: programs.get('haproxy') ?? '', args: ['-db', '-f', file], port })
      return { port, processes: [{ name: 'haproxy', pid }, { name: 'core', pid: core.pid }] }
    },
  }
}

function configure ({ serverBundleFile, authorityFile }: Materials, { port, corePort, policy }: { readonly port: number, readonly corePort: number, readonly policy: string }): string {
  return `global
  nbthread 1
  maxconn 1000
  ssl-default-bind-options ssl-min-ver TLSv1.3

defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s

backend rates
  stick-table type string len 64 size 100k expire 60s store http_req_rate(60s)

backend verified
  stick-table type binary len 32 size 100k expire 1h store gpt0

frontend door
  bind 127.0.0.1:${port} ssl crt "${serverBundleFile}" ca-file "${authorityFile}" verify required alpn http/1.1
  http-request set-var(txn.token) http_auth_bearer
  http-request deny deny_status 401 unless { var(txn.token) -m found }
  http-request set-var(txn.alg) str(ES256)
  http-request set-var(txn.now) date()
  http-request set-var(txn.x5t) ssl_c_der,sha2(256),ub64enc
${policy}
  http-request deny deny_status 429 if { sc_http_req_rate(0) gt 1000000000 }
  default_backend core

backend core
  server core 127.0.0.1:${corePort} pool-max-conn 100
`
}
