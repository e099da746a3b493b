import type { FaultEndpoint } from './fault.ts'

type Paths = Readonly<Record<'token' | 'authorization' | 'introspection' | 'revocation' | 'userinfo' | 'jwks' | 'pushedAuthorizationRequest' | 'deviceAuthorization' | 'backchannelAuthentication', string>>

/** Tells which endpoint of the authorization server a path is, as far as faults can strike there. */
export function faultEndpoints (paths: Paths): (template: string) => FaultEndpoint | undefined {
  const byPath = new Map<string, FaultEndpoint>([
    [paths.token, 'token'], [paths.authorization, 'authorization'], [paths.introspection, 'introspection'], [paths.revocation, 'revocation'],
    [paths.userinfo, 'userinfo'], [paths.jwks, 'jwks'], [paths.pushedAuthorizationRequest, 'pushed_authorization_request'],
    [paths.deviceAuthorization, 'device_authorization'], [paths.backchannelAuthentication, 'backchannel_authentication'],
  ])
  return (template) => byPath.get(template)
}
