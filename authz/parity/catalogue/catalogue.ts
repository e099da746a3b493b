import type { Probe } from '../probe/probe.ts'
import { authorizationProbes } from './authorization-probes.ts'
import { bodyProbes } from './body-probes.ts'
import { clientProbes } from './client-probes.ts'
import { corsProbes } from './cors-probes.ts'
import { endpointProbes } from './endpoint-probes.ts'
import { flowProbes } from './flow-probes.ts'
import { metadataProbes } from './metadata-probes.ts'
import { tokenProbes } from './token-probes.ts'
import { transportProbes } from './transport-probes.ts'

/** Everything that is asked, in order: what is harmless to everybody first, what spends a code last. */
export const catalogue: readonly Probe[] = Object.freeze([
  ...metadataProbes, ...transportProbes, ...corsProbes, ...endpointProbes, ...authorizationProbes, ...clientProbes, ...bodyProbes, ...tokenProbes, ...flowProbes,
])
