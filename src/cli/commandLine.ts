import { Command, CommanderError } from 'commander';
import { FoveaError } from '../tensor/errors.js';
import { addAugmentCommand } from './augment/augmentCommand.js';
import { addDataCommand } from './data/dataCommand.js';
import { exitCodeOf, interruptedCode, MISTAKE, SUCCESS } from './exitCode.js';
import { addFeaturesCommand } from './finetune/featuresCommand.js';
import { addFinetuneCommand } from './finetune/finetuneCommand.js';
import { addExplainCommand } from './inside/explainCommand.js';
import { addFiltersCommand } from './inside/filtersCommand.js';
import { addInspectCommand } from './inside/inspectCommand.js';
import { addLessonCommand } from './inside/lessonCommand.js';
import { addWorkbookCommand } from './inside/workbookCommand.js';
import { addEvaluateCommand } from './measure/evaluateCommand.js';
import { addPredictCommand } from './measure/predictCommand.js';
import { addConvertCommand } from './models/convertCommand.js';
import { addSummaryCommand } from './models/summaryCommand.js';
import { addWeightsCommand } from './models/weightsCommand.js';
import { addCoachCommand } from './report/coachCommand.js';
import type { Terminal } from './terminal.js';
import { addTrainCommand } from './train/trainCommand.js';
import { version } from './version.js';

/** Runs one command line, without the program's own name, and returns the code that the process should end with. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  const outcome: Outcome = { exitCode: SUCCESS };
  try {
    await makeProgram(terminal, outcome).parseAsync(args, { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    // Help and version end this way too; commander has written whatever there is to write.
    if (error instanceof CommanderError) return error.exitCode === 0 ? SUCCESS : MISTAKE;
    report(error, terminal, args.includes('--json'));
    return exitCodeOf(error, terminal);
  }
}

/** What a command came to, where that is not success. */
export interface Outcome {
  exitCode: number;
}

function makeProgram(terminal: Terminal, outcome: Outcome): Command {
  const program = new Command('fovea')
    .description('Convolutional networks: train, measure, use and look at them. Everything runs on this machine.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .showHelpAfterError('(--help says more)')
    .configureHelp({ helpWidth: Math.min(100, terminal.stdout.columns) })
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      getOutHelpWidth: () => Math.min(100, terminal.stdout.columns),
      getErrHelpWidth: () => Math.min(100, terminal.stderr.columns),
    })
    .exitOverride()
    .addHelpText(
      'after',
      `
Begin with:
  fovea train                 learn digits that it draws itself: no files, no
                              network, a minute or two
  fovea train mnist           the real handwritten digits, fetched once
  fovea data ~/photos         what is in a folder of photos, and what to mend
  fovea finetune ~/photos     a classifier of your own photos, from a network
                              that has learned from a million others
  fovea evaluate runs/<run>   how good the model is, class by class
  fovea inspect runs/<run>    what its filters and units look for
  fovea coach runs/<run>      what is the matter with it, and what to do next
  fovea summary vgg16         what a network is made of

Exit codes: 0; 2 for a mistake in what was asked for; 1 for any other failure;
130 after Ctrl-C. NO_COLOR=1 leaves colors out; FOVEA_CACHE names the folder
for downloads and what is kept between runs, FOVEA_WEIGHTS one with weights
that are there.`,
    );
  addTrainCommand(program, terminal, outcome);
  addFinetuneCommand(program, terminal, outcome);
  addDataCommand(program, terminal, outcome);
  addFeaturesCommand(program, terminal);
  addEvaluateCommand(program, terminal);
  addCoachCommand(program, terminal);
  addPredictCommand(program, terminal);
  addExplainCommand(program, terminal);
  addInspectCommand(program, terminal);
  addSummaryCommand(program, terminal);
  addAugmentCommand(program, terminal);
  addFiltersCommand(program, terminal);
  addWorkbookCommand(program, terminal);
  addLessonCommand(program, terminal);
  addConvertCommand(program, terminal);
  addWeightsCommand(program, terminal, outcome);
  return program;
}

/** One message; the stack too where it is a mistake of the program. */
function report(error: unknown, terminal: Terminal, json: boolean): void {
  if (terminal.signal.aborted && interruptedCode(terminal) === SUCCESS) return;
  const known = error instanceof FoveaError;
  const message = error instanceof Error ? error.message : String(error);
  if (json) {
    const code = known ? error.code : 'unexpected';
    terminal.stdout.write(`${JSON.stringify({ event: 'error', code, message })}\n`);
  }
  if (known) {
    terminal.stderr.write(error.code === 'aborted' ? 'Stopped.\n' : `error: ${message}\n`);
    return;
  }
  const stack = error instanceof Error ? (error.stack ?? message) : message;
  terminal.stderr.write(`error: this should not have happened; it is a fault of Fovea, not yours.\n${stack}\n`);
}
