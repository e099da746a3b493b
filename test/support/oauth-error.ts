/** What openid-client's errors have in common, for `t.rejects`. */
export function oauthError (error: string): Error {
  return { error } as unknown as Error
}
