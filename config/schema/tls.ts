import { choice, list, section, text } from './fields.ts'

/** A network as a CIDR. */
export const cidr = text({ description: 'A network, as a CIDR.', means: 'cidr' })

/** TLS of both doors, and how a proxy may hand over a client certificate. */
export const TlsSchema = section('TLS of both doors.', {
  certificate_file: text({ description: 'Certificate chain in PEM for both doors; empty: the development CA issues one.', default: '', means: 'file' }),
  key_file: text({ description: 'Private key in PEM of tls.certificate_file.', default: '', means: 'file' }),
  minimum_version: choice(['TLSv1.2', 'TLSv1.3'], { description: 'The oldest TLS version that is spoken.', default: 'TLSv1.2' }),
  client_ca_file: text({ description: 'More authorities (PEM bundle) whose client certificates are trusted beside Sandgate\'s own.', default: '', means: 'file' }),
  client_crl_files: list(text({ description: 'A file with revocation lists, in PEM or DER.', means: 'file' }), { description: 'Revocation lists of the authorities in tls.client_ca_file and of their intermediates; read again when they change.', default: [], isSet: true }),
  revocation_origin: text({ description: 'Where certificates say that their revocation list and OCSP are, as an origin; empty: the public door. For a proxy that serves them without TLS.', default: '', means: 'origin' }),
  certificate_header: section('A client certificate handed over by a proxy that ends TLS (RFC 9440).', {
    name: text({ description: 'Name of the header that carries the certificate.', default: 'client-cert', means: 'header-name' }),
    trusted_proxies: list(cidr, { description: 'Peers that may hand over a client certificate in the header, as CIDRs. Empty: none.', default: [], isSet: true })
  })
})
