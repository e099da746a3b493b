import Type from 'typebox'
import type { Authority } from '../../certs/index.ts'
import type { JsonObject } from '../../kernel/index.ts'
import type { AbuseEngine, CompiledRule } from '../abuse/index.ts'
import { done, NOT_FOUND, operatorRoute, refused, type ControlRoute } from './route.ts'
import type { NewSandbox, Sandboxes } from './sandboxes.ts'

/** What an operator does. */
export interface OperatorRoutesDeps {
  readonly sandboxes: Sandboxes
  readonly bans: AbuseEngine['bans']
  readonly rules: readonly CompiledRule[]
  readonly authority: Pick<Authority, 'certificatePem'>
  readonly addresses: { readonly publicOrigin: string, readonly mtlsOrigin: string }
}

/** Sandboxes, bans and rules. */
export function operatorRoutes (deps: OperatorRoutesDeps): readonly ControlRoute[] {
  return [...sandboxAdministration(deps), ...abuseAdministration(deps)]
}

const CreateSandbox = Type.Object({
  account: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'The account that will own it; a new one when left out.' })),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'A name for people.' })),
}, { additionalProperties: false })

function sandboxAdministration ({ sandboxes, addresses, authority }: OperatorRoutesDeps): readonly ControlRoute[] {
  return [
    operatorRoute({ method: 'POST', path: '/control/sandboxes', operationId: 'createSandbox', summary: 'Makes a sandbox with its own clients, certificate, users and key.', body: CreateSandbox }, async ({ body }) => {
      const created = await sandboxes.create(body)
      if (created === undefined) return refused('quota_exceeded', 'The account has as many sandboxes as sandboxes.maximum_per_account allows.')
      return done(201, newSandboxBody(created, addresses, authority.certificatePem))
    }),
    operatorRoute({ method: 'GET', path: '/control/sandboxes', operationId: 'listSandboxes', summary: 'All sandboxes.' }, async () => done(200, { data: [...await sandboxes.list()] })),
    operatorRoute({ method: 'GET', path: '/control/sandboxes/{id}', operationId: 'getAnySandbox', summary: 'One sandbox.' }, async ({ parameters }) => {
      const sandbox = await sandboxes.get(parameters['id'] ?? '')
      return sandbox === undefined ? NOT_FOUND : done(200, sandbox)
    }),
  ]
}

/** The one answer that shows secrets, as the wire wants it. */
export function newSandboxBody (created: NewSandbox, addresses: OperatorRoutesDeps['addresses'], authorityPem: string) {
  return {
    sandbox: created.sandbox,
    sandbox_key: created.key.reveal(),
    client: {
      client_id: created.client.id,
      token_endpoint_auth_method: created.client.authMethod,
      ...(created.client.secret === undefined ? {} : { client_secret: created.client.secret.reveal() }),
      ...(created.client.privateJwk === undefined ? {} : { private_key_jwk: JSON.parse(created.client.privateJwk.reveal()) as JsonObject }),
    },
    mtls_client: {
      client_id: created.mtlsClient.id,
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: created.mtlsClient.subjectDn,
      certificate: created.mtlsClient.certificatePem,
      private_key: created.mtlsClient.privateKeyPem.reveal(),
      serial: created.mtlsClient.serial,
      not_after: new Date(created.mtlsClient.notAfterMs).toISOString(),
    },
    ca_certificate: authorityPem,
    test_users: [...created.testUsers],
    public_url: addresses.publicOrigin,
    mtls_url: addresses.mtlsOrigin,
  }
}

function abuseAdministration ({ bans, rules }: OperatorRoutesDeps): readonly ControlRoute[] {
  return [
    operatorRoute({ method: 'GET', path: '/control/bans', operationId: 'listBans', summary: 'Bans in force, with the rule and what it saw.' }, async () => done(200, {
      data: (await bans.list()).map((ban) => ({ id: ban.id, rule: ban.ruleId, scope: ban.scope, subject: ban.subject, explanation: ban.explanation, ends_at: new Date(ban.endsAtMs).toISOString() })),
    })),
    operatorRoute({ method: 'DELETE', path: '/control/bans/{id}', operationId: 'liftBan', summary: 'Ends a ban now.' }, async ({ parameters }) => await bans.lift(parameters['id'] ?? '') ? done(204) : NOT_FOUND),
    operatorRoute({ method: 'GET', path: '/control/rules', operationId: 'listRules', summary: 'The abuse rules in force and their modes.' }, () => done(200, {
      data: rules.map(({ definition, phase }) => ({ id: definition.id, mode: definition.mode, phase, description: definition.description, when: definition.when })),
    })),
  ]
}
