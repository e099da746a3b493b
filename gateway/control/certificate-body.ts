import Type from 'typebox'
import { keyTypes, pspRoles, revocationReasons } from '../../certs/index.ts'
import { certificateKinds } from './issued-certificates.ts'

function oneOf<const V extends string> (values: readonly V[], description: string) {
  return Type.Unsafe<V>({ type: 'string', enum: [...values], description })
}

function text (description: string, maxLength = 64, minLength = 1) {
  return Type.String({ minLength, maxLength, description })
}

const Psd2 = Type.Object({
  organization: Type.Optional(text('The provider\'s name; `TEST` is put before it.', 50)),
  country: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$', description: 'Default: `GB`.' })),
  organization_identifier: Type.Optional(Type.String({ pattern: '^PSD[A-Z]{2}-[A-Z]{2,8}-[\\x21-\\x7e]{1,40}$', description: '`PSDGB-FCA-123456`.' })),
  roles: Type.Optional(Type.Array(oneOf(pspRoles, 'A role.'), { minItems: 1, maxItems: 4, uniqueItems: true })),
  nca_name: Type.Optional(text('The competent authority\'s name.', 256)),
  nca_id: Type.Optional(Type.String({ pattern: '^[A-Z]{2}-[A-Z]{2,8}$', description: '`GB-FCA`.' })),
}, { additionalProperties: false, description: 'For `qwac` and `qseal`: `organization`, `country`, `organization_identifier`, `roles` (of `PSP_AS`, `PSP_PI`, `PSP_AI`, `PSP_IC`), `nca_name`, `nca_id`; each has a default.' })

const KEY_TYPE = `One of ${keyTypes.map((type) => `\`${type}\``).join(', ')}; default: the first.`
const form = {
  format: Type.Optional(oneOf(['pem', 'pkcs12', 'jwk'], 'How a key that is made for you is handed over, this once: `pem` (the default), `pkcs12` or `jwk`.')),
  password: Type.Optional(text('Of the PKCS #12 file.', 128, 8)),
  pkcs12_encryption: Type.Optional(oneOf(['aes256', '3des'], '`3des` for older key stores; default: `aes256`.')),
}
const csr = Type.Optional(Type.String({ maxLength: 16_384, description: 'A PKCS #10 request in PEM; without one a key is made for you. Only its key is taken.' }))
const lifetime = Type.Optional(Type.String({ maxLength: 16, description: 'A duration, `24h`; default and maximum are in the configuration.' }))

/** Body of `POST /sandbox/certificates`. */
export const CreateCertificate = Type.Object({
  kind: Type.Optional(oneOf(certificateKinds, `What to make: ${certificateKinds.map((kind) => `\`${kind}\``).join(', ')}; default: the first.`)),
  key_type: Type.Optional(oneOf(keyTypes, KEY_TYPE)),
  csr,
  sans: Type.Optional(Type.Array(Type.Object({ type: oneOf(['dns', 'uri', 'ip', 'email'], 'Kind.'), value: text('Name.', 1024) }, { additionalProperties: false }), { maxItems: 10, description: 'Subject alternative names, `{ "type": "dns" | "uri" | "ip" | "email", "value": … }`; each belongs to the sandbox that asked first.' })),
  lifetime,
  psd2: Type.Optional(Psd2),
  ...form,
}, { additionalProperties: false })

/** Body of `POST /sandbox/certificates/{serial}/renew`. */
export const RenewCertificate = Type.Object({
  key_type: Type.Optional(oneOf(keyTypes, 'Makes a key of this type; default: as before.')),
  csr,
  lifetime,
  revoke_previous: Type.Optional(Type.Boolean({ description: 'Revokes the old one at once; otherwise both work until they end.' })),
  ...form,
}, { additionalProperties: false })

/** Body of `POST /sandbox/certificates/{serial}/revoke`. */
export const RevokeCertificate = Type.Object({
  reason: Type.Optional(oneOf(revocationReasons, `One of ${revocationReasons.map((reason) => `\`${reason}\``).join(', ')} (RFC 5280 §5.3.1).`)),
}, { additionalProperties: false })

export type CreateCertificateBody = Type.Static<typeof CreateCertificate>
export type RenewCertificateBody = Type.Static<typeof RenewCertificate>
