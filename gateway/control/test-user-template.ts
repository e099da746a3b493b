import type { BackchannelCondition, NewTestUser, UserConditions } from '../../authz/index.ts'

/** A test user of a new sandbox, as the configuration has it. */
export interface TestUserTemplate {
  readonly username: string
  readonly name: string
  readonly email: string
  /** Empty: none. */
  readonly testPassword?: string
  /** `locked`, `slow:5`, `backchannel:approve:2` and so on; the configuration check knows them all. */
  readonly conditions?: readonly string[]
}

/** The user that a template stands for. */
export function readTestUser ({ username, name, email, testPassword = '', conditions = [] }: TestUserTemplate): NewTestUser {
  return {
    username,
    name,
    email,
    conditions: Object.assign({}, ...conditions.map(readCondition)) as UserConditions,
    ...(testPassword === '' ? {} : { password: testPassword }),
  }
}

function readCondition (text: string): UserConditions {
  const [name = '', first = '', second = '0'] = text.split(':')
  switch (name) {
    case 'locked': return { locked: true }
    case 'password_expired': return { passwordExpired: true }
    case 'mfa_required': return { mfaRequired: true }
    case 'consent_denied': return { consentDenied: true }
    case 'slow': return { slowSeconds: Number(first) }
    case 'backchannel': return { backchannel: { decision: first as BackchannelCondition['decision'], afterSeconds: Number(second) } }
    default: throw new Error(`no condition is called ${text}`)
  }
}
