import type { Answer, Interaction, InteractionDeps, Step } from './step.ts'
import { judgeSignIn, provePassword, type SignInAttempt, type SignInRefusal } from './judge-sign-in.ts'
import type { Page } from './pages/pages.ts'
import type { ListedUser } from './pages/login-pages.ts'
import { isSameText } from './read-form.ts'
import { readAcrDemand } from './read-demand.ts'
import { describeConditions, ONE_TIME_CODE } from './users/conditions.ts'
import type { TestUser } from './users/test-users.ts'

/** The page with all test users of the client's sandbox. */
export async function renderLogin (deps: InteractionDeps, step: Step, alert?: string): Promise<Page> {
  const users = await deps.users.list(step.client.sandboxId)
  return deps.pages.login({ ...formOf(step, alert), users: users.map(listUser) }, alert === undefined ? 200 : 403)
}

/** One step of signing in: a click on a user, or a user name and password; then a password, then a one-time code, as far as they are asked for. */
export async function answerSignIn (deps: InteractionDeps, step: Step, form: URLSearchParams): Promise<Answer> {
  if (step.interaction.prompt.name !== 'login') return { kind: 'unanswered' }
  const { sandboxId } = step.client
  const [sub, username] = [form.get('sub'), form.get('username')]
  if (sub === null && username === null) return { kind: 'unanswered' }
  const user = sub === null ? await deps.users.findByUsername(sandboxId, username ?? '') : await deps.users.get(sandboxId, sub)
  // A click is on a user of the page: if there is none, the form is not ours or the user is gone.
  if (user === undefined && sub !== null) return { kind: 'unanswered' }
  if (user?.conditions?.slowSeconds !== undefined) await deps.waitMs(user.conditions.slowSeconds * 1000)
  const verdict = await judgeSignIn(user, readAttempt(deps, step, user, form), readAcrDemand(step.interaction.params, deps.profile.acr), deps.profile.acr)
  switch (verdict.kind) {
    case 'refused': return { kind: 'page', page: await renderRefusal(deps, step, user, verdict) }
    case 'asks': return { kind: 'page', page: renderNext(deps, step, user, verdict.for) }
    case 'signed in': {
      if (user === undefined) return { kind: 'unanswered' }
      await endOtherSession(deps, step.interaction, user.sub)
      return { kind: 'finished', result: { login: { accountId: user.sub, acr: verdict.acr, amr: [...verdict.amr] } } }
    }
  }
}

function readAttempt (deps: InteractionDeps, { interaction }: Step, user: TestUser | undefined, form: URLSearchParams): SignInAttempt {
  const password = form.get('password')
  const oneTimeCode = form.get('otp')?.trim()
  const proof = form.get('password_proof') ?? ''
  return {
    isPasswordProven: user !== undefined && isSameText(proof, provePassword(deps.secret, interaction.uid, user.sub)),
    ...(password === null ? {} : { password }),
    ...(oneTimeCode === undefined ? {} : { oneTimeCode }),
  }
}

async function renderRefusal (deps: InteractionDeps, step: Step, user: TestUser | undefined, refusal: SignInRefusal): Promise<Page> {
  const { code, publicReason, detail, isTriggered } = refusal
  deps.onFailure({ request: step.request, endpoint: 'interaction', error: 'access_denied', detail, clientId: step.client.clientId, ...(isTriggered ? { isTriggered } : {}) })
  if (user === undefined || code === 'user_locked' || code === 'password_expired') return await renderLogin(deps, step, publicReason)
  return renderNext(deps, step, user, code === 'one_time_code_wrong' ? 'one-time code' : 'password', publicReason)
}

function renderNext (deps: InteractionDeps, step: Step, user: TestUser | undefined, asked: 'password' | 'one-time code', alert?: string): Page {
  if (user === undefined) return deps.pages.failure(400, 'This form cannot be accepted', 'Go back and choose again.')
  const view = { ...formOf(step, alert), user }
  const status = alert === undefined ? 200 : 403
  return asked === 'password'
    ? deps.pages.password(view, status)
    : deps.pages.oneTimeCode({ ...view, passwordProof: provePassword(deps.secret, step.interaction.uid, user.sub), rightCode: ONE_TIME_CODE }, status)
}

function formOf ({ action, csrfToken, client }: Step, alert: string | undefined) {
  return { action: `${action}/login`, abortAction: `${action}/abort`, csrfToken, clientName: client.name, ...(alert === undefined ? {} : { alert }) }
}

function listUser ({ sub, username, name, email, conditions = {}, passwordHash }: TestUser): ListedUser {
  const { backchannel, ...signingIn } = conditions
  const group = Object.keys(signingIn).length > 0 ? 'signing in' : backchannel === undefined ? 'plain' : 'other device'
  return { sub, username, name, email, conditions: describeConditions(conditions), hasPassword: passwordHash !== undefined, group }
}

/**
 * Signs the browser's former user out before another one signs in: its session ends, and with it the grants that were to
 * last no longer. The library would do the same through a page that needs a script.
 */
async function endOtherSession (deps: InteractionDeps, interaction: Interaction, accountId: string): Promise<void> {
  const former = interaction.session
  if (former?.uid === undefined || former.accountId === accountId) return
  const session = await deps.provider.Session.findByUid(former.uid)
  for (const { grantId, persistsLogout } of Object.values(session?.authorizations ?? {})) {
    if (grantId !== undefined && persistsLogout !== true) await deps.issued.revokeGrant(grantId)
  }
  await session?.destroy()
  delete (interaction as { session?: unknown }).session
  await interaction.persist()
}
