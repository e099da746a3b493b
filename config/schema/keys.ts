import { list, secret, section, text } from './fields.ts'

/** Key material; empty members are generated under `var_directory`, which production refuses. */
export const KeysSchema = section('Key material. What is empty is generated under var_directory; several instances must share it, and production must state it.', {
  ca_certificate_file: text({ description: 'Certificate in PEM of the authority that issues client certificates.', default: '', means: 'file' }),
  ca_key_file: text({ description: 'Private key in PEM of keys.ca_certificate_file.', default: '', means: 'file' }),
  signing_keys_file: text({ description: 'JSON Web Key Set (RFC 7517) of private keys that sign tokens; the first one signs, all are published.', default: '', means: 'file' }),
  cookie_secrets: list(secret({ description: 'A secret that signs cookies.', minLength: 32 }), { description: 'Secrets that sign the login pages\' cookies and seal rotated signing keys and the client secrets that the protocol needs in clear; the first one signs and seals, all are accepted.', default: [], isSet: true, maxItems: 8 }),
  scrub_secret: secret({ description: 'Secret under which pseudonyms and card fingerprints are made; another secret gives other pseudonyms.', default: '', minLength: 32 }),
  operator_token: secret({ description: 'Bearer token of the operator for /control.', default: '', minLength: 32 })
})
