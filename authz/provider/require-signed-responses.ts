import type { Provider } from 'oidc-provider'

type IsModeAllowed = (this: object, mode: string | undefined, type: string, profile: string | undefined) => boolean

/** Refuses authorization requests for a response that would not be signed (FAPI 2.0 Message Signing §5.4.1); the library knows that rule for FAPI 1.0 only. */
export function requireSignedResponses (provider: Provider): void {
  const { prototype } = provider.Client as unknown as { prototype: { responseModeAllowed: IsModeAllowed } }
  const isAllowed: IsModeAllowed = Reflect.get(prototype, 'responseModeAllowed')
  prototype.responseModeAllowed = function responseModeAllowed (mode, type, profile) {
    return mode?.includes('jwt') === true && isAllowed.call(this, mode, type, profile)
  }
}
