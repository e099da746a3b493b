import { BROWSER_ROUTES, type CatalogueEntry } from './catalogue-entry.ts'
import { compareUris, withholdValues, type UriComparison } from './compare-uris.ts'
import type { FailureFacts } from './failure-facts.ts'
import { show } from './show.ts'

const INTERACTION = 'OpenID Connect Core §3.1.2.6'

/** What happens in the browser: logging in, consenting, coming back, logging out. */
export const LOGINS_AND_LOGOUTS: readonly CatalogueEntry[] = [
  {
    code: 'login_required',
    error: 'login_required',
    at: BROWSER_ROUTES,
    says: /^/,
    clause: INTERACTION,
    cause: ({ description }) => `The user must log in, and the request forbids pages or the login did not do: ${show(description, 160)}.`,
    seen: ({ parameter }) => `prompt ${show(parameter('prompt') ?? 'left out')}`,
    expected: 'a session of a user of this sandbox that satisfies max_age, acr_values and id_token_hint',
    fix: 'Leave prompt=none out, or log the user in first; handle this error by sending the browser again without it.',
  },
  {
    code: 'consent_required',
    error: 'consent_required',
    at: BROWSER_ROUTES,
    says: /^/,
    clause: INTERACTION,
    cause: ({ description }) => `The user must consent, and the request forbids pages: ${show(description, 160)}.`,
    seen: ({ parameter }) => `prompt ${show(parameter('prompt') ?? 'left out')}`,
    expected: 'a consent to all that is asked for',
    fix: 'Send the browser again without prompt=none, so that the user can consent.',
  },
  {
    code: 'interaction_required',
    error: 'interaction_required',
    at: BROWSER_ROUTES,
    says: /^/,
    clause: INTERACTION,
    cause: ({ description }) => `A page must be shown, and the request forbids it: ${show(description, 160)}.`,
    seen: ({ parameter }) => `prompt ${show(parameter('prompt') ?? 'left out')}`,
    expected: 'a request that allows pages; native clients always need one',
    fix: 'Send the browser again without prompt=none.',
  },
  {
    code: 'access_denied',
    error: 'access_denied',
    says: /^/,
    clause: 'RFC 6749 §4.1.2.1',
    cause: ({ description, detail }) => `The user, or a condition of the test user, declined${[description, detail].filter((part) => part !== '').map((part) => `: ${show(part, 200)}`).join('')}.`,
    expected: 'a user who allows the request',
    fix: 'Choose Allow on the consent page, or log in as a test user without such a condition. A client must handle this error.',
  },
  {
    code: 'authentication_unmet',
    error: 'unmet_authentication_requirements',
    says: /^/,
    clause: 'OpenID Connect Core §5.5.1.1',
    cause: ({ description, detail }) => `The login cannot be as strong as the request demands: ${show(detail === '' ? description : detail, 300)}.`,
    seen: ({ parameter }) => `acr_values ${show(parameter('acr_values') ?? 'left out, or in claims')}`,
    expected: 'acr values that this server has: profile.acr',
    fix: 'Ask for an acr that acr_values_supported of the discovery document lists, or not as essential.',
  },
  {
    code: 'headless_consent_malformed',
    error: 'invalid_request',
    says: 'sandgate_consent must be allow or deny',
    clause: 'RFC 6749 §3.1',
    cause: 'The login without pages was told neither to allow nor to deny.',
    seen: ({ parameter }) => `sandgate_consent ${show(parameter('sandgate_consent'), 60)}`,
    expected: 'allow or deny, or nothing, which allows',
    fix: 'Correct sandgate_consent.',
  },
  ...sessions(),
  ...logouts(),
]

function sessions (): CatalogueEntry[] {
  return [
    {
      code: 'login_expired',
      error: 'invalid_request',
      at: ['resume', 'device_resume'],
      says: /^(?:authorization request has expired|interaction session not found|authorization session and cookie identifier mismatch|interaction session and authentication session mismatch)$/,
      clause: 'RFC 9700 §4.7',
      cause: ({ description }) => `The browser came back to a login that does not stand: ${show(description, 100)}.`,
      seen: 'a login without its cookie, or one that ended',
      expected: 'the same browser, within the life of the login page',
      fix: 'Start the authorization again; do not bookmark login pages, and keep cookies between the steps of a test.',
    },
    {
      code: 'form_token_invalid',
      error: 'invalid_request',
      at: ['end_session_confirm', 'code_verification'],
      says: /^(?:xsrf token invalid|could not find (?:logout|device form) details)$/,
      clause: 'RFC 9700 §4.7',
      cause: 'The form was not sent from the page of this server that belongs to the session.',
      seen: 'no form token, or another one (never shown)',
      expected: 'the form as the page has it, with its cookie',
      fix: 'Load the page again and submit its own form.',
    },
  ]
}

/** RP-initiated and back-channel logout. */
function logouts (): CatalogueEntry[] {
  const clause = 'OpenID Connect RP-Initiated Logout §2'
  return [
    {
      code: 'logout_uri_mismatch',
      error: 'invalid_request',
      at: ['end_session'],
      says: 'post_logout_redirect_uri not registered',
      clause: 'OpenID Connect RP-Initiated Logout §3',
      cause: (facts) => `The post_logout_redirect_uri is not registered for the client: ${logoutUriSides(facts).difference}.`,
      seen: (facts) => logoutUriSides(facts).seen,
      expected: (facts) => logoutUriSides(facts).expected,
      fix: 'Register it exactly as it is sent (post_logout_redirect_uris).',
    },
    {
      code: 'logout_client_mismatch',
      error: 'invalid_request',
      at: ['end_session'],
      says: 'client_id does not match the provided id_token_hint',
      clause,
      cause: 'The ID token of the hint was issued to another client.',
      seen: 'a client_id that is not aud of the id_token_hint',
      expected: 'the same client in both',
      fix: 'Leave client_id out, or send an ID token of this client.',
    },
  ]
}

function logoutUriSides ({ parameter, client }: FailureFacts): UriComparison {
  const uri = parameter('post_logout_redirect_uri') ?? ''
  return { ...compareUris(uri, client?.postLogoutRedirectUris ?? []), seen: withholdValues(uri) }
}
