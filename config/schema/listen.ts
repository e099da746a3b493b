import { duration, port, section, text } from './fields.ts'

const host = text({ description: 'Address to listen on.', default: '127.0.0.1', means: 'host' })

/** The three doors. */
export const ListenSchema = section('Where Sandgate listens.', {
  public: section('The public door: TLS, never asks for a client certificate.', { host, port: port(8443) }),
  mtls: section('The mutual-TLS door: asks for a client certificate and requires one.', { host, port: port(9443) }),
  ops: section('Metrics and health, without TLS: keep it local.', { host, port: port(9090) }),
  shutdown_grace: duration({ description: 'Time that requests in flight get to finish at shutdown.', default: '10s', minimumMs: 0, isTimer: true }),
  public_host: text({ description: 'The host name in the issuer and in links; both doors must be reachable under it.', default: 'localhost', means: 'host' })
})
