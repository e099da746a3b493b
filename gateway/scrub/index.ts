/**
 * Scrubbing: personal data and secrets are found by form, checksum and name, and replaced or refused before anything else
 * sees them. Imports the kernel only, performs no I/O.
 */
export { createScrubber, type Scrubber, type ScrubberDeps } from './create-scrubber.ts'
export type { HeaderRecord } from './scrub-headers.ts'
export type { Scrubbed } from './scrubbed.ts'
export type { DataKind } from './span.ts'
