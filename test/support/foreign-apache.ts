import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const PROGRAMS = ['/usr/sbin/apache2', '/usr/sbin/httpd']
const MODULES = ['/usr/lib/apache2/modules', '/usr/lib64/httpd/modules']
const CONFIGURATION = fileURLToPath(new URL('../fixtures/foreign/apache.conf', import.meta.url))
/** Shows whom Apache takes the visitor for, and what it was told of them. */
const PAGE = '<p>user=<!--#echo var="REMOTE_USER" -->; name=<!--#echo var="OIDC_CLAIM_name" -->; email=<!--#echo var="OIDC_CLAIM_email" -->; iss=<!--#echo var="OIDC_CLAIM_iss" -->; client=<!--#echo var="OIDC_CLAIM_client_id" -->; scope=<!--#echo var="OIDC_CLAIM_scope" --></p>\n'

/** Where Apache with mod_auth_openidc is on this machine, if it is. */
export interface ApacheInstallation { readonly program: string, readonly modules: string }

export function findApache (): ApacheInstallation | undefined {
  const program = PROGRAMS.find((path) => existsSync(path))
  const modules = MODULES.find((path) => existsSync(join(path, 'mod_auth_openidc.so')))
  return program === undefined || modules === undefined ? undefined : { program, modules }
}

/** A virtual host on a port of its own, with the directives that make it another relying party. */
export interface ApacheSite { readonly port: number, readonly directives: readonly string[], readonly authType?: 'openid-connect' | 'oauth20' }

/**
 * Starts an Apache on loopback, which ends with the test: each site has an open page `/open.shtml`, and a protected one,
 * `/protected/page.shtml`, that shows what the module knows of the visitor. Files are put beside the configuration.
 */
export async function startApache (t: Test, { program, modules }: ApacheInstallation, { sites, files }: { readonly sites: readonly ApacheSite[], readonly files: Readonly<Record<string, string>> }): Promise<{ readonly errorLog: () => string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sandgate-apache-'))
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'pages', 'protected'), { recursive: true })
  cpSync(CONFIGURATION, join(folder, 'apache.conf'))
  const contents = {
    ...files,
    'sites.conf': sites.map(describeSite).join('\n'),
    'user.conf': process.getuid?.() === 0 ? 'User www-data\nGroup www-data\n' : '',
    'pages/open.shtml': '<p>open to all</p>\n',
    'pages/protected/page.shtml': PAGE,
  }
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(folder, name), content)
  const server = spawn(program, ['-d', folder, '-f', join(folder, 'apache.conf'), '-D', 'FOREGROUND'], {
    env: { PATH: process.env['PATH'] ?? '', FOLDER: folder, MODULES: modules, no_proxy: '*' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const printed: string[] = []
  server.stderr.setEncoding('utf8').on('data', (text: string) => { printed.push(text) })
  const ended = once(server, 'exit')
  t.teardown(async () => {
    server.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  const errorLog = (): string => printed.join('') + (existsSync(join(folder, 'error.log')) ? readFileSync(join(folder, 'error.log'), 'utf8') : '')
  for (const { port } of sites) {
    while (!await isServing(port)) {
      if (server.exitCode !== null) throw new Error(`Apache did not start: ${errorLog()}`)
      await wait(50)
    }
  }
  return { errorLog }
}

/** The path, in a directive, of a file that was put beside the configuration. */
export function pathBeside (name: string): string {
  return `\${FOLDER}/${name}`
}

function describeSite ({ port, directives, authType = 'openid-connect' }: ApacheSite): string {
  return `Listen 127.0.0.1:${port}
<VirtualHost 127.0.0.1:${port}>
  ${directives.join('\n  ')}
  <Location /protected>
    AuthType ${authType}
    Require valid-user
  </Location>
</VirtualHost>
`
}

async function isServing (port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/open.shtml`)).ok
  } catch {
    return false
  }
}
