#!/usr/bin/env node
import { runCommandLine } from './commandLine.js';
import { nodeTerminal } from './nodeTerminal.js';

process.exitCode = await runCommandLine(process.argv.slice(2), nodeTerminal());
