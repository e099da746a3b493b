#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { addCertificateCommands } from './commands/certificates.ts'
import { addClientCommands } from './commands/clients.ts'
import { addConfigCommands } from './commands/config.ts'
import { addControlCommands } from './commands/control.ts'
import { addExplainCommands } from './commands/explain.ts'
import { addFaultCommands } from './commands/faults.ts'
import { addParityCommands } from './commands/parity.ts'
import { addParityImport } from './commands/parity-import.ts'
import { addStartCommand } from './commands/start.ts'
import { addUserCommands } from './commands/users.ts'
import { version } from '../kernel/index.ts'
import { createTerminal, exitCodes } from './terminal.ts'

const terminal = createTerminal(process)
const program = new Command('sandgate')
  .description('A production-identical front door for an API sandbox.')
  .version(version)
  .option('-c, --config <file>', 'configuration file (default: the shipped defaults)')
  .showHelpAfterError('(sandgate --help shows the commands)')
  .showSuggestionAfterError()
  .exitOverride()
addStartCommand(program, terminal)
addConfigCommands(program, terminal)
addControlCommands(program, terminal)
addExplainCommands(program, terminal)
addFaultCommands(program, terminal)
addUserCommands(program, terminal)
addClientCommands(program, terminal)
addCertificateCommands(program, terminal)
addParityCommands(program, terminal)
addParityImport(program, terminal)
try {
  await program.parseAsync(process.argv)
} catch (error) {
  // Help and version end this way too, with 0. What was wrong has been said.
  if (!(error instanceof CommanderError)) throw error
  terminal.exit(error.exitCode === 0 ? exitCodes.ok : exitCodes.usage)
}
