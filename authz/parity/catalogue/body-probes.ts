import type { Probe } from '../probe/probe.ts'
import { requestProbe } from './request-probe.ts'

const FORM = 'grant_type=client_credentials&client_id=sandgate-parity-unknown'
const OVERSIZED_BYTES = 200_000

/** Servers that refuse a body need not read it to its end, and what comes after it on the connection may never be answered. */
const LAST = ['connection', 'close'] as const

type Row = readonly [id: string, title: string, contentType: string | undefined, body: string]

const ROWS: readonly Row[] = [
  ['json_body', 'a token request in JSON', 'application/json', '{"grant_type":"client_credentials","client_id":"sandgate-parity-unknown"}'],
  ['text_body', 'a form that calls itself text/plain', 'text/plain', FORM],
  ['multipart_body', 'a token request as multipart/form-data', 'multipart/form-data; boundary=parity', '--parity\r\ncontent-disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n--parity--\r\n'],
  ['no_content_type', 'a form without a content type', undefined, FORM],
  ['utf8_charset', 'a form that states charset=utf-8', 'application/x-www-form-urlencoded; charset=utf-8', FORM],
  ['latin1_charset', 'a form that states charset=iso-8859-1', 'application/x-www-form-urlencoded; charset=iso-8859-1', FORM],
  ['upper_case_type', 'a form whose content type is in upper case', 'APPLICATION/X-WWW-FORM-URLENCODED', FORM],
  ['oversized_body', `a token request of ${OVERSIZED_BYTES / 1000} kB`, 'application/x-www-form-urlencoded', `${FORM}&padding=${'x'.repeat(OVERSIZED_BYTES)}`],
]

/** Token requests whose body is not what RFC 6749 §3.2 wants. */
export const bodyProbes: readonly Probe[] = [
  ...ROWS.map(([id, title, type, body]) => requestProbe({
    id,
    title,
    endpoint: 'token',
    request: (session) => ({ method: 'POST', url: session.endpoint('token'), headers: [...(type === undefined ? [] : [['content-type', type] as const]), ...(body.length > OVERSIZED_BYTES ? [LAST] : [])], body }),
  })),
  requestProbe({
    id: 'parameters_in_query',
    title: 'token parameters in the query instead of the body',
    endpoint: 'token',
    request: (session) => ({ ...session.post('token', ''), url: `${session.endpoint('token')}?${FORM}` }),
  }),
]
