/** Failures on demand: what a developer asks to go wrong in the own sandbox, so often or so long, and nowhere else. */
export { createFaults, type Faults } from './create-faults.ts'
export { faultEndpoints } from './fault-endpoints.ts'
export { takeAuthorizationFault } from './take-authorization-fault.ts'
export { FAULT_ENDPOINTS, FAULT_KINDS, type Fault, type FaultEndpoint, type FaultKind, type FaultOrder, type FaultTarget } from './fault.ts'
