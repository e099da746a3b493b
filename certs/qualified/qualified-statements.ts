import { AsnConvert } from '@peculiar/asn1-schema'
import { id_pe_qcStatements as QC_STATEMENTS, QCStatement, QCStatements } from '@peculiar/asn1-x509-qualified'
import {
  id_etsi_qcs_qcCompliance as QC_COMPLIANCE, id_etsi_qcs_qcPDS as QC_PDS, id_etsi_qcs_qcSSCD as QC_SSCD, id_etsi_qcs_qcType as QC_TYPE,
  id_etsi_qct_eseal as ESEAL, id_etsi_qct_esign as ESIGN, id_etsi_qct_web as WEB, PdsLocation, QcEuPDS, QcType,
} from '@peculiar/asn1-x509-qualified-etsi'
import { Extension, PeculiarCertificate } from '../x509.ts'
import { decodePsd2, encodePsd2, PSD2_STATEMENT, type Psd2 } from './psd2.ts'

/** What a certificate is qualified for (ETSI EN 319 412-5 §4.2.3): a website, a seal, a signature. */
export type QualifiedType = 'web' | 'eseal' | 'esign'

/** What a qualified certificate states. */
export interface QualifiedStatement {
  readonly types: readonly QualifiedType[]
  /** A PKI disclosure statement in English (ETSI EN 319 412-5 §4.3.4). */
  readonly disclosureUrl?: string
  readonly psd2?: Psd2
}

const OID_BY_TYPE: Readonly<Record<QualifiedType, string>> = { web: WEB, eseal: ESEAL, esign: ESIGN }

/**
 * The extension qCStatements (RFC 3739 §3.2.6), not critical: compliance, for seals also that the key is in a device (ETSI
 * EN 319 412-5 §4.2.1, §4.2.2), the type (§4.2.3), the disclosure statement (§4.3.4) and the PSD2 roles (ETSI TS 119 495
 * §5.1). It says what a real one says, so that parsers find what they look for; that it is a test is in the subject.
 */
export function createQualifiedExtension ({ types, disclosureUrl, psd2 }: QualifiedStatement): Extension {
  const statement = (statementId: string, statementInfo?: ArrayBuffer): QCStatement => Object.assign(new QCStatement(), { statementId, statementInfo })
  const statements = new QCStatements([
    statement(QC_COMPLIANCE),
    ...(types.includes('eseal') ? [statement(QC_SSCD)] : []),
    statement(QC_TYPE, AsnConvert.serialize(new QcType(types.map((type) => OID_BY_TYPE[type])))),
    ...(disclosureUrl === undefined ? [] : [statement(QC_PDS, AsnConvert.serialize(new QcEuPDS([new PdsLocation({ url: disclosureUrl, language: 'en' })])))]),
    ...(psd2 === undefined ? [] : [statement(PSD2_STATEMENT, encodePsd2(psd2))]),
  ])
  return new Extension(QC_STATEMENTS, false, AsnConvert.serialize(statements))
}

/**
 * Reads what a certificate states of its qualification.
 *
 * @returns undefined when there is no statement, or it cannot be read
 */
export function readQualifiedStatement (certificateDer: Uint8Array): QualifiedStatement | undefined {
  try {
    const value = new PeculiarCertificate(Uint8Array.from(certificateDer)).getExtension(QC_STATEMENTS)?.value
    return value === undefined ? undefined : decodeStatements(value)
  } catch {
    return undefined
  }
}

function decodeStatements (value: ArrayBuffer): QualifiedStatement {
  const statements = AsnConvert.parse(value, QCStatements)
  const find = (id: string): ArrayBuffer | undefined => statements.find(({ statementId }) => statementId === id)?.statementInfo
  const [type, disclosure, psd2] = [find(QC_TYPE), find(QC_PDS), find(PSD2_STATEMENT)]
  const oids = type === undefined ? [] : [...AsnConvert.parse(type, QcType)]
  const url = disclosure === undefined ? undefined : AsnConvert.parse(disclosure, QcEuPDS)[0]?.url
  return {
    types: (Object.keys(OID_BY_TYPE) as QualifiedType[]).filter((one) => oids.includes(OID_BY_TYPE[one])),
    ...(url === undefined ? {} : { disclosureUrl: url }),
    ...(psd2 === undefined ? {} : { psd2: decodePsd2(psd2) }),
  }
}
