import type { CatalogueEntry } from './catalogue-entry.ts'
import type { FailureFacts } from './failure-facts.ts'
import { withholdValues } from './compare-uris.ts'
import { show, showAll } from './show.ts'

const target = { error: 'invalid_target', clause: 'RFC 8707 §2', expected: resourcesOf } as const

/** Resource indicators (RFC 8707) and rich authorization requests (RFC 9396). */
export const RESOURCES_AND_DETAILS: readonly CatalogueEntry[] = [
  {
    ...target,
    code: 'resource_not_absolute',
    says: 'resource indicator must be an absolute URI',
    cause: 'A resource is no absolute URI.',
    seen: resourceSeen,
    fix: 'Send the audience of the API as it is in its documentation, with its scheme.',
  },
  {
    ...target,
    code: 'resource_with_fragment',
    says: 'resource indicator must not contain a fragment component',
    cause: 'A resource has a fragment.',
    seen: resourceSeen,
    fix: 'Send the audience without #…',
  },
  {
    ...target,
    code: 'resource_unknown',
    says: /^(?:resource indicator is missing, or unknown|no API has the audience .*)$/s,
    cause: ({ artifact }) => artifact?.resource === undefined ? 'No API has the resource as its audience.' : 'The resource is not one of those that were granted.',
    seen: resourceSeen,
    expected: (facts) => facts.artifact?.resource === undefined ? resourcesOf(facts) : `one of those granted: ${showAll([facts.artifact.resource].flat())}`,
    fix: 'Ask for the audience of a configured API, already in the authorization request if a user grants it.',
  },
  {
    ...target,
    code: 'resource_not_single',
    says: /^only a single (?:resource indicator value (?:is supported for this grant type|must be requested\/resolved during Access Token Request)|audience value is supported)$|^only one resource or audience may be asked for$/,
    cause: 'A token is for one API, and the request names several.',
    seen: 'several values of resource',
    expected: 'one resource for each token request',
    fix: 'Ask for one token for each API.',
  },
  {
    ...target,
    code: 'resource_needed_for_details',
    says: 'resource indicator must be provided or defaulted to when Rich Authorization Requests are used',
    cause: 'authorization_details need an API that they are for.',
    seen: 'no resource',
    fix: 'Send resource beside authorization_details.',
  },
  {
    code: 'authorization_details_unreadable',
    error: 'invalid_authorization_details',
    says: 'could not parse the authorization_details parameter JSON',
    clause: 'RFC 9396 §5',
    cause: 'authorization_details is no JSON.',
    expected: '[{"type": "…", …}]',
    fix: 'Encode the array as JSON, then as a form value.',
  },
  {
    code: 'authorization_details_malformed',
    error: 'invalid_authorization_details',
    says: /^authorization_details parameter (?!is not supported)(.+)$/,
    clause: 'RFC 9396 §2',
    cause: ({ description }) => `authorization_details are not of their form: ${show(description, 160)}.`,
    expected: 'an array of objects, each with the text member type',
    fix: 'Send an array, even for one object.',
  },
  {
    code: 'authorization_details_type',
    error: 'invalid_authorization_details',
    says: /^unsupported authorization details type value \(authorization details index (\d+)\)$|^authorization details type '.*' is not allowed for this client$/s,
    clause: 'RFC 9396 §5',
    cause: (_facts, [, index]) => index === undefined ? 'The client is not registered for a type of its authorization_details.' : `A type of authorization_details is not known here (number ${Number(index) + 1} of the array).`,
    seen: typesSeen,
    expected: ({ client, offered }) => showAll(client?.authorizationDetailsTypes?.length ? client.authorizationDetailsTypes : offered.authorizationDetailsTypes, 'one of authorization_details_types_supported in the discovery document'),
    fix: 'Use a type that the discovery document lists and the client is registered for.',
  },
  {
    code: 'authorization_details_exceeded',
    error: 'invalid_authorization_details',
    says: /^(?:a member of )?authorization_details (?:is longer than \d+ characters|has more than \d+ members|ask for more than was granted)$/,
    clause: 'RFC 9396 §6',
    cause: ({ description }) => `authorization_details go beyond what is allowed: ${show(description, 160)}.`,
    expected: 'no more, and nothing else, than was granted; 20 members of 4096 characters at most',
    fix: 'Ask for less, or start a new authorization for more.',
  },
  {
    code: 'authorization_details_not_applicable',
    error: 'invalid_request',
    says: 'authorization_details parameter is not supported for this response_type',
    clause: 'RFC 9396 §2',
    cause: 'authorization_details go with a code only.',
    seen: ({ parameter }) => `response_type ${show(parameter('response_type'), 60)}`,
    expected: 'response_type code',
    fix: 'Use response_type=code.',
  },
]

function resourceSeen ({ parameter }: FailureFacts): string {
  const resource = parameter('resource')
  return resource === undefined ? 'no resource, or several' : `resource ${withholdValues(resource)}`
}

function resourcesOf ({ offered }: FailureFacts): string {
  return showAll(offered.resources, 'the audience of an API')
}

/** Only the types: the rest of authorization_details may be anything. */
function typesSeen ({ parameter }: FailureFacts): string {
  try {
    const details = JSON.parse(parameter('authorization_details') ?? '') as unknown
    return showAll([details].flat().map((detail) => show((detail as { readonly type?: unknown } | null)?.type, 60)))
  } catch {
    return 'authorization_details'
  }
}
