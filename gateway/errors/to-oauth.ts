import { errorEntry } from '../../kernel/index.ts'
import { retryHeaders, type RefusalRenderer } from './error-renderer.ts'

/**
 * Renders refusals of the token surface as RFC 6749 §5.2 wants them: `error` and `error_description`, never cached. Limits
 * keep their own status (429), which §5.2 leaves open.
 */
export const renderOAuthError: RefusalRenderer = (refusal, { hasCredentials }) => {
  const { status, title, oauth = 'invalid_request' } = errorEntry(refusal.code)
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...(oauth === 'invalid_client' && hasCredentials ? { 'www-authenticate': 'Basic realm="token"' } : {}),
      ...retryHeaders(refusal),
    },
    text: JSON.stringify({ error: oauth, error_description: refusal.publicDetail ?? title }),
  }
}
