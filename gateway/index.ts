/** The front door: the pipeline, its stages, the surfaces behind it, and the composition of the whole installation. */
export { checkConfiguration, ConfigurationRefused, startGateway, type ConfigSource, type Gateway } from './main.ts'
export type { CompositionOverrides } from './compose.ts'
