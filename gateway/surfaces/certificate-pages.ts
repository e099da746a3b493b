import { X509Certificate } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { OCSP_REQUEST_BYTES_MAX, type Authority, type RevocationUrls } from '../../certs/index.ts'
import { openRouteFacts } from './public-pages.ts'

const CRL_PATH = '/sandbox/pki/crl'
const OCSP_PATH = '/sandbox/pki/ocsp'
const CA_PATH = '/sandbox/pki/ca'
const DISCLOSURE_PATH = '/sandbox/pki/disclosure'

/** Where certificates say that their revocation list, OCSP responder and issuer are. */
export function revocationUrlsAt (origin: string): RevocationUrls {
  return { crl: `${origin}${CRL_PATH}`, ocsp: `${origin}${OCSP_PATH}`, issuer: `${origin}${CA_PATH}` }
}

/** Where the disclosure statement of qualified test certificates is. */
export function disclosureUrlAt (origin: string): string {
  return `${origin}${DISCLOSURE_PATH}`
}

const DISCLOSURE = `TEST CERTIFICATES

This authority belongs to an API sandbox. Every certificate that it issues is a test certificate, also when it states to
be a qualified one under Regulation (EU) No 910/2014: no trust service provider stands behind it, nobody checked who holds
it, and it has no legal value. Do not rely on it outside the sandbox.
`

/**
 * Serves what relying parties need without credentials: the revocation list (RFC 5280 §5, in DER as §4.2.1.13 wants it, and
 * in PEM), OCSP by POST and GET (RFC 6960 appendix A.1), the authority's certificate, and the disclosure statement. Nothing
 * is to be cached: a revocation shows at once.
 */
export function registerCertificatePages (scope: FastifyInstance, { authority }: { readonly authority: Pick<Authority, 'certificatePem' | 'revocationList' | 'answerOcsp'> }): void {
  const page = (path: string, type: string, make: () => Promise<string | Buffer> | string | Buffer): void => {
    scope.get(path, { config: { facts: openRouteFacts(path, 'readCertificatePage', 'pages') } }, async (_request, reply) => await send(reply, type, await make()))
  }
  page(CRL_PATH, 'application/pkix-crl', async () => derOf(await authority.revocationList()))
  page(`${CRL_PATH}.pem`, 'application/x-pem-file', authority.revocationList)
  page(CA_PATH, 'application/pkix-cert', () => new X509Certificate(authority.certificatePem).raw)
  page(`${CA_PATH}.pem`, 'application/x-pem-file', () => authority.certificatePem)
  page(DISCLOSURE_PATH, 'text/plain; charset=utf-8', () => DISCLOSURE)
  void scope.register(async (ocsp) => registerOcsp(ocsp, authority))
}

function registerOcsp (scope: FastifyInstance, { answerOcsp }: Pick<Authority, 'answerOcsp'>): void {
  const answer = async (reply: FastifyReply, request: Buffer): Promise<FastifyReply> => await send(reply, 'application/ocsp-response', (await answerOcsp(request)).der)
  scope.addContentTypeParser('application/ocsp-request', { parseAs: 'buffer', bodyLimit: OCSP_REQUEST_BYTES_MAX }, (_request, body, done) => done(null, body))
  scope.post(OCSP_PATH, { config: { facts: openRouteFacts(OCSP_PATH, 'answerOcsp', 'pages') } }, async (request, reply) =>
    await answer(reply, Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)))
  scope.get<{ Params: { request: string } }>(`${OCSP_PATH}/:request`, { config: { facts: openRouteFacts(`${OCSP_PATH}/{request}`, 'answerOcsp', 'pages') } }, async (request, reply) =>
    await answer(reply, Buffer.from(request.params.request, 'base64url')))
}

/**
 * A GET of OCSP carries the request in Base64, whose slashes a path cannot hold without being ambiguous: they come raw,
 * doubled or encoded. Such a path is folded into one segment of base64url before anything looks at it.
 */
export function foldOcspPath (url: string): string {
  if (!url.startsWith(`${OCSP_PATH}/`)) return url
  const encoded = url.slice(OCSP_PATH.length + 1).replace(/%2f/gi, '/').replace(/%2b/gi, '+').replace(/%3d/gi, '=')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(encoded) ? `${OCSP_PATH}/${encoded.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}` : url
}

async function send (reply: FastifyReply, type: string, body: string | Buffer): Promise<FastifyReply> {
  return await reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }).type(type).send(body)
}

function derOf (pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
}
