import type { Command } from 'commander'
import type { loadConfig as load } from '../../config/index.ts'
import { exitCodes, type Terminal } from '../terminal.ts'

/** `sandgate config check` and `config show`. */
export function addConfigCommands (program: Command, terminal: Terminal): void {
  const config = program.command('config').description('check and show the configuration')
  const source = (): Parameters<typeof load>[0] => {
    const { config: file } = program.opts<{ config?: string }>()
    return { environment: terminal.environment, ...(file === undefined ? {} : { file }) }
  }
  config.command('check')
    .description('read the configuration and everything it points at; report every problem with its line')
    .action(async () => {
      const { formatProblems, formatWarnings } = await import('../../config/index.ts')
      const { checkConfiguration, ConfigurationRefused } = await import('../../gateway/index.ts')
      try {
        const { config: checked, warnings, definitions } = checkConfiguration(source())
        if (warnings.length > 0) terminal.err(formatWarnings(warnings))
        for (const { name, support } of definitions.apis) terminal.err(announceLimits(name, support))
        const names = checked.apis.map(({ name, kind }) => kind === 'core' ? name : `${name} (upstream)`)
        terminal.out(`The configuration is valid: ${names.join(', ')}; ${definitions.rules.length} rules.`)
      } catch (error) {
        if (!(error instanceof ConfigurationRefused)) throw error
        terminal.err(formatProblems(error.problems))
        terminal.exit(exitCodes.configInvalid)
      }
    })
  config.command('show')
    .description('print every setting with its value and where it came from; secrets are masked')
    .action(async () => {
      const { formatProblems, loadConfig } = await import('../../config/index.ts')
      const loaded = loadConfig(source())
      if (loaded.kind === 'refused') {
        terminal.err(formatProblems(loaded.problems))
        terminal.exit(exitCodes.configInvalid)
        return
      }
      for (const setting of loaded.settings) terminal.out(`${setting.path} = ${setting.value}  # ${setting.origin}`)
    })
}

const NOTES_SHOWN = 20

/** What a document asks for and does not get, or that all of it is honoured. */
function announceLimits (api: string, notes: ReadonlyArray<{ readonly pointer: string, readonly keyword: string, readonly effect: string }>): string {
  if (notes.length === 0) return `${api}: everything in its document is honoured.`
  const shown = notes.slice(0, NOTES_SHOWN).map(({ pointer, keyword, effect }) => `  ${pointer} (${keyword}): ${effect}`)
  const rest = notes.length > NOTES_SHOWN ? [`  and ${notes.length - NOTES_SHOWN} more`] : []
  return [`${api}: not everything in its document is honoured.`, ...shown, ...rest].join('\n')
}
