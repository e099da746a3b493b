import type { NewTestUser, UserConditions } from '../../authz/index.ts'

/** A test user of a new sandbox, as the configuration has it. */
export interface TestUserTemplate {
  readonly username: string
  readonly name: string
  readonly email: string
  readonly testPassword?: string
  readonly locked?: boolean
  readonly passwordExpired?: boolean
  readonly mfaRequired?: boolean
  readonly consentDenied?: boolean
  /** Seconds; 0: not slow. */
  readonly slow?: number
  readonly backchannel?: 'wait' | 'approve' | 'deny' | 'ignore'
  /** Seconds. */
  readonly backchannelAfter?: number
}

/** The user that a template stands for. */
export function readTestUser ({ username, name, email, testPassword = '', slow = 0, backchannel = 'wait', backchannelAfter = 0, ...flags }: TestUserTemplate): NewTestUser {
  const { locked, passwordExpired, mfaRequired, consentDenied } = flags
  const conditions: UserConditions = {
    ...Object.fromEntries(Object.entries({ locked, passwordExpired, mfaRequired, consentDenied }).filter(([, isSet]) => isSet === true)),
    ...(slow === 0 ? {} : { slowSeconds: slow }),
    ...(backchannel === 'wait' ? {} : { backchannel: { decision: backchannel, afterSeconds: backchannelAfter } }),
  }
  return { username, name, email, conditions, ...(testPassword === '' ? {} : { password: testPassword }) }
}
