/**
 * What happens to a test user who signs in: documented triggers, so that an integration meets every answer of production on
 * purpose and never by chance.
 */
export interface UserConditions {
  /** The account is locked: no sign-in succeeds. */
  readonly locked?: boolean
  /** The password has to be changed first: no sign-in succeeds. */
  readonly passwordExpired?: boolean
  /** A one-time code is asked for; `ONE_TIME_CODE` is right and everything else is wrong. */
  readonly mfaRequired?: boolean
  /** The user signs in and denies what is asked for. */
  readonly consentDenied?: boolean
  /** Whole seconds until the sign-in is answered, 1 to `SLOW_SECONDS_MAX`. */
  readonly slowSeconds?: number
  /** What the user's authentication device does with a backchannel request (CIBA); absent: it waits for a decision by the API. */
  readonly backchannel?: BackchannelCondition
}

export interface BackchannelCondition {
  readonly decision: 'approve' | 'deny' | 'ignore'
  /** Seconds after the request, 0 to `BACKCHANNEL_SECONDS_MAX`. */
  readonly afterSeconds: number
}

/** The one-time code that is right for every test user. */
export const ONE_TIME_CODE = '123456'
export const SLOW_SECONDS_MAX = 30
export const BACKCHANNEL_SECONDS_MAX = 300

/** One sentence for each condition: shown on the login page and by the control API. */
export function describeConditions (conditions: UserConditions): string[] {
  const { locked, passwordExpired, mfaRequired, consentDenied, slowSeconds, backchannel } = conditions
  return [
    locked === true ? 'The account is locked: signing in fails.' : '',
    passwordExpired === true ? 'The password has expired: signing in fails.' : '',
    mfaRequired === true ? `Asks for a one-time code: ${ONE_TIME_CODE} is right, every other one wrong.` : '',
    consentDenied === true ? 'Signs in, then denies access.' : '',
    slowSeconds === undefined ? '' : `Answers after ${slowSeconds} seconds.`,
    backchannel === undefined ? '' : describeBackchannel(backchannel),
  ].filter((sentence) => sentence !== '')
}

function describeBackchannel ({ decision, afterSeconds }: BackchannelCondition): string {
  const after = afterSeconds === 0 ? 'at once' : `after ${afterSeconds} seconds`
  switch (decision) {
    case 'approve': return `Approves requests on the other device (CIBA) ${after}.`
    case 'deny': return `Denies requests on the other device (CIBA) ${after}.`
    case 'ignore': return 'Never answers requests on the other device (CIBA).'
  }
}
