import { createHmac } from 'node:crypto'
import type { AuthorizationProfile } from '../authorization-profile.ts'
import { ONE_TIME_CODE } from './users/conditions.ts'
import { isPassword } from './users/password.ts'
import type { TestUser } from './users/test-users.ts'

/** What somebody who signs in has shown so far. */
export interface SignInAttempt {
  readonly password?: string
  readonly oneTimeCode?: string
  /** The password was right in an earlier step, or nobody types one here. */
  readonly isPasswordProven: boolean
}

/** What the request asks of the sign-in. */
export interface SignInDemand {
  /** A second factor is asked for by `acr_values` or `claims`. */
  readonly isMultiFactor: boolean
}

/** The next step, or why there is none. */
export type SignInVerdict =
  | { readonly kind: 'signed in', readonly acr: string, readonly amr: readonly string[] }
  | { readonly kind: 'asks', readonly for: 'password' | 'one-time code' }
  | SignInRefusal

/** `publicReason` is what a production would show; `detail` is for the record. */
export interface SignInRefusal {
  readonly kind: 'refused'
  readonly code: 'user_unknown' | 'user_locked' | 'password_wrong' | 'password_expired' | 'one_time_code_wrong'
  readonly publicReason: string
  readonly detail: string
  /** A documented condition of the user caused it. */
  readonly isTriggered: boolean
}

const WRONG_CREDENTIALS = 'The user name or the password is not right.'

/** Whether a user is signed in by what was shown, what is asked for next, or why the sign-in fails. Conditions come before factors, as in most productions. */
export async function judgeSignIn (user: TestUser | undefined, attempt: SignInAttempt, demand: SignInDemand, acr: AuthorizationProfile['acr']): Promise<SignInVerdict> {
  if (user === undefined) return refuse('user_unknown', WRONG_CREDENTIALS, 'the sandbox has no test user of this name', false)
  const { conditions = {}, passwordHash, username } = user
  if (passwordHash !== undefined && !attempt.isPasswordProven) {
    if (attempt.password === undefined) return { kind: 'asks', for: 'password' }
    if (!await isPassword(attempt.password, passwordHash)) return refuse('password_wrong', WRONG_CREDENTIALS, `the password is not that of the test user ${username}`, false)
  }
  if (conditions.locked === true) return refuse('user_locked', 'This account is locked.', `the test user ${username} has the condition locked`, true)
  if (conditions.passwordExpired === true) return refuse('password_expired', 'The password of this account has expired.', `the test user ${username} has the condition password_expired`, true)
  if (conditions.mfaRequired !== true && !demand.isMultiFactor) return { kind: 'signed in', acr: acr.singleFactor, amr: ['pwd'] }
  if (attempt.oneTimeCode === undefined) return { kind: 'asks', for: 'one-time code' }
  if (attempt.oneTimeCode !== ONE_TIME_CODE) return refuse('one_time_code_wrong', 'The one-time code is not right.', `the one-time code of the test user ${username} is ${ONE_TIME_CODE}; another one was given`, true)
  return { kind: 'signed in', acr: acr.multiFactor, amr: ['pwd', 'otp', 'mfa'] }
}

function refuse (code: SignInRefusal['code'], publicReason: string, detail: string, isTriggered: boolean): SignInRefusal {
  return { kind: 'refused', code, publicReason, detail, isTriggered }
}

/** Carries from one form to the next that the password was right; good for this user in this interaction only. */
export function provePassword (secret: string, uid: string, sub: string): string {
  return createHmac('sha256', secret).update(`password-proof\0${uid}\0${sub}`).digest('base64url')
}
