import { AsnConvert, AsnProp, AsnPropTypes, AsnType, AsnTypeTypes } from '@peculiar/asn1-schema'

/** The roles of a payment service provider (ETSI TS 119 495 §5.1), by their names in certificates. */
export const PSP_ROLES = {
  PSP_AS: '0.4.0.19495.1.1',
  PSP_PI: '0.4.0.19495.1.2',
  PSP_AI: '0.4.0.19495.1.3',
  PSP_IC: '0.4.0.19495.1.4',
} as const

/** Account servicing, payment initiation, account information, issuing of card-based payment instruments. */
export type PspRole = keyof typeof PSP_ROLES

/** Every `PspRole`. */
export const pspRoles = Object.keys(PSP_ROLES) as readonly PspRole[]

/** id-etsi-psd2-qcStatement (ETSI TS 119 495 annex A). */
export const PSD2_STATEMENT = '0.4.0.19495.2'

/** What a PSD2 certificate says of its holder's authorisation (ETSI TS 119 495 §5.1, §5.2.3). */
export interface Psd2 {
  /** One or more. */
  readonly roles: readonly PspRole[]
  /** The name of the national competent authority. */
  readonly ncaName: string
  /** Country and authority, `GB-FCA`. */
  readonly ncaId: string
}

class RoleOfPsp {
  roleOfPspOid = ''
  roleOfPspName = ''
}
AsnType({ type: AsnTypeTypes.Sequence })(RoleOfPsp)
AsnProp({ type: AsnPropTypes.ObjectIdentifier })(RoleOfPsp.prototype, 'roleOfPspOid')
AsnProp({ type: AsnPropTypes.Utf8String })(RoleOfPsp.prototype, 'roleOfPspName')

class Psd2QcType {
  rolesOfPsp: RoleOfPsp[] = []
  ncaName = ''
  ncaId = ''
}
AsnType({ type: AsnTypeTypes.Sequence })(Psd2QcType)
AsnProp({ type: RoleOfPsp, repeated: 'sequence' })(Psd2QcType.prototype, 'rolesOfPsp')
AsnProp({ type: AsnPropTypes.Utf8String })(Psd2QcType.prototype, 'ncaName')
AsnProp({ type: AsnPropTypes.Utf8String })(Psd2QcType.prototype, 'ncaId')

/** The DER of PSD2QcType (ETSI TS 119 495 annex A). */
export function encodePsd2 ({ roles, ncaName, ncaId }: Psd2): ArrayBuffer {
  const rolesOfPsp = pspRoles.filter((role) => roles.includes(role)).map((role) => Object.assign(new RoleOfPsp(), { roleOfPspOid: PSP_ROLES[role], roleOfPspName: role }))
  return AsnConvert.serialize(Object.assign(new Psd2QcType(), { rolesOfPsp, ncaName, ncaId }))
}

/**
 * Reads PSD2QcType; roles that this code does not know are left out.
 *
 * @throws when the bytes are no PSD2QcType
 */
export function decodePsd2 (der: ArrayBuffer): Psd2 {
  const { rolesOfPsp, ncaName, ncaId } = AsnConvert.parse(der, Psd2QcType)
  const oids = rolesOfPsp.map(({ roleOfPspOid }) => roleOfPspOid)
  return { roles: pspRoles.filter((role) => oids.includes(PSP_ROLES[role])), ncaName, ncaId }
}
