import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Materials } from '../protocol.ts'
import type { Contender } from './contender.ts'

const CHECKS = 'client certificate; signature (ES256), issuer, audience, expiry and certificate binding (x5t#S256) in a Node verifier; request rate by certificate'

/** nginx with auth_request to a verifier in Node that keeps verified tokens: what most teams run. */
export const nginxAsking: Contender = nginx({
  name: 'nginx, auth_request to a Node verifier with a cache',
  enforces: `${CHECKS}; asked at each request, signatures checked once`,
  gate: 2,
  verdictsKept: '',
})

/** The strongest that we know how to make it: nginx keeps the verifier's answer by token and certificate for at most 30 s. */
export const nginxKept: Contender = nginx({
  name: 'nginx, auth_request with its answers kept',
  enforces: `${CHECKS}; nginx keeps an answer for at most 30 s by token and certificate`,
  verdictsKept: `
      proxy_cache verdicts;
      proxy_cache_key "$http_authorization $ssl_client_fingerprint";
      proxy_cache_methods GET HEAD;
      proxy_ignore_headers Set-Cookie Vary;`,
})

interface Variant extends Pick<Contender, 'name' | 'enforces' | 'gate'> { readonly verdictsKept: string }

function nginx ({ verdictsKept, ...described }: Variant): Contender {
  return {
    ...described,
    isFloor: false,
    needs: ['nginx'],
    start: async ({ machinery, materials, materialsFile, core, programs }) => {
      const [port, verifierPort] = [await machinery.freePort(), await machinery.freePort()]
      const verifier = await machinery.startNode({ file: 'serve-peer.ts', args: ['verifier', materialsFile, String(verifierPort)] })
      const directory = join(materials.directory, `nginx-${port}`)
      mkdirSync(join(directory, 'logs'), { recursive: true })
      writeFileSync(join(directory, 'nginx.conf'), configure(materials, { directory, port, verifierPort, corePort: core.port, verdictsKept }))
      const { pid } = await machinery.startProgram({ program: programs.get('nginx') ?? '', args: ['-p', directory, '-e', join(directory, 'logs/error.log'), '-c', join(directory, 'nginx.conf')], port })
      return { port, processes: [{ name: 'nginx', pid }, { name: 'verifier', pid: verifier.pid }, { name: 'core', pid: core.pid }] }
    },
  }
}

interface Places { readonly directory: string, readonly port: number, readonly verifierPort: number, readonly corePort: number, readonly verdictsKept: string }

function configure ({ authorityFile, serverCertificateFile, serverKeyFile }: Materials, { directory, port, verifierPort, corePort, verdictsKept }: Places): string {
  // A worker started by root gives that up, and then may not write where the bench keeps its files.
  const asRoot = process.getuid?.() === 0 ? 'user root;\n' : ''
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${join(directory, name)};`).join('\n')
  return `daemon off;
${asRoot}worker_processes 1;
pid ${join(directory, 'nginx.pid')};
events { worker_connections 1024; }
http {
${temporary}
  access_log off;
  client_body_buffer_size 64k;
  limit_req_zone $ssl_client_fingerprint zone=rates:10m rate=1000000r/s;
  proxy_cache_path ${join(directory, 'verdicts')} keys_zone=verdicts:10m use_temp_path=off;
  upstream core { server 127.0.0.1:${corePort}; keepalive 64; keepalive_requests 100000000; keepalive_timeout 600s; }
  upstream verifier { server 127.0.0.1:${verifierPort}; keepalive 64; keepalive_requests 100000000; keepalive_timeout 600s; }
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${serverCertificateFile};
    ssl_certificate_key ${serverKeyFile};
    ssl_client_certificate ${authorityFile};
    ssl_verify_client on;
    ssl_protocols TLSv1.3;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    location / {
      auth_request /_verify;
      limit_req zone=rates burst=1000000 nodelay;
      proxy_pass http://core;
    }
    location = /_verify {
      internal;
      proxy_pass http://verifier/;
      proxy_method GET;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header Connection "";
      proxy_set_header X-Client-Certificate $ssl_client_escaped_cert;${verdictsKept}
    }
  }
}
`
}
