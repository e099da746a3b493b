#!/usr/bin/env node
import { Command } from 'commander'
import { addConfigCommands } from './commands/config.ts'
import { addControlCommands } from './commands/control.ts'
import { addStartCommand } from './commands/start.ts'
import { version } from '../kernel/index.ts'
import { createTerminal } from './terminal.ts'

const terminal = createTerminal(process)
const program = new Command('sandgate')
  .description('A production-identical front door for an API sandbox.')
  .version(version)
  .option('-c, --config <file>', 'configuration file (default: the shipped defaults)')
  .showHelpAfterError('(sandgate --help shows the commands)')
  .showSuggestionAfterError()
addStartCommand(program, terminal)
addConfigCommands(program, terminal)
addControlCommands(program, terminal)
await program.parseAsync(process.argv)
