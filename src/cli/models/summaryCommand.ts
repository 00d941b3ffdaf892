import type { Command } from 'commander';
import type { Plan } from '../../compile/plan.js';
import { planFacts, planText } from '../../compile/planText.js';
import type { Model } from '../../model/model.js';
import { singlePorts } from '../../model/singlePorts.js';
import { formatSummaryKeras1 } from '../../model/summaryKeras1.js';
import { traceInference } from '../../train/inferenceGraph.js';
import { lossFrom } from '../../train/losses/lossFrom.js';
import { optimizerFrom } from '../../train/optimizers/optimizerFrom.js';
import { TrainingState } from '../../train/state.js';
import { traceTrainingStep } from '../../train/trainingGraph.js';
import { withEngine } from '../engineOptions.js';
import { oneOf, option, wholeNumber } from '../optionValues.js';
import type { Terminal } from '../terminal.js';
import { describedModel } from './describedModel.js';

interface SummaryCommandOptions {
  readonly cost?: true;
  readonly plan?: true;
  readonly training?: true;
  readonly recompute?: boolean;
  readonly batchSize?: number;
  readonly threads?: number;
  readonly json?: true;
  readonly style?: 'fovea' | 'keras1';
}

/** `fovea summary MODEL` */
export function addSummaryCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('summary')
    .summary("show a network's layers, costs, and the plan that would run")
    .description(
      `Shows the layers of a network with their output shapes and parameters, and on request what they cost and the plan that the wasm engine would run: its steps, where each array is kept, and the most memory it needs. Nothing of it is run.`,
    )
    .argument(
      '<model>',
      'linear, mlp, cnn, cnn-bn, a network of the zoo (vgg16, resnet50 …), a file (.json or .safetensors), or the folder of a run',
    )
    .option('--cost', 'multiply-adds, operations and bytes of each layer')
    .option('--plan', 'the compiled plan')
    .option('--training', 'with --plan: the plan of a training step with Adam instead of a prediction')
    .option('--recompute', 'with --training: computes arrays again where keeping them would take more memory')
    .addOption(option('--batch-size <n>', 'examples that costs and plan are for', wholeNumber(), '1; 64 for training'))
    .addOption(option('--threads <n>', 'with --plan: threads that compute', wholeNumber(1, 64), '2'))
    .addOption(
      option('--style <name>', 'fovea, or keras1: the table that Keras 1 printed', oneOf(['fovea', 'keras1']), 'fovea'),
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  fovea summary cnn --cost
  fovea summary vgg16 --style keras1
  fovea summary cnn --plan --training --batch-size 64
  fovea summary runs/2026-01-31-digits-cnn --json`,
    );
  command.action(async (word: string, options: SummaryCommandOptions) => {
    if (options.training && !options.plan) command.error("error: option '--training' needs the option '--plan'");
    if (options.recompute && !options.training)
      command.error("error: option '--recompute' needs the option '--training'");
    const model = await describedModel(word);
    if (options.style === 'keras1') {
      const other = (['cost', 'plan', 'json'] as const).find((name) => options[name]);
      if (other !== undefined) command.error(`error: option '--style keras1' cannot go with '--${other}'`);
      terminal.stdout.write(`${formatSummaryKeras1(model)}\n`);
      return;
    }
    const batchSize = options.batchSize ?? (options.training ? 64 : 1);
    const summaryOptions = { cost: options.cost ?? false, batchSize };
    const plan = options.plan ? await planOf(model, batchSize, options) : undefined;
    if (options.json) {
      const facts = plan === undefined ? {} : { plan: planFacts(plan) };
      terminal.stdout.write(`${JSON.stringify({ ...model.summaryData(summaryOptions), ...facts })}\n`);
      return;
    }
    const width = options.cost ? 120 : 100;
    const fitting = terminal.stdout.isTerminal ? Math.min(width, Math.max(60, terminal.stdout.columns)) : width;
    terminal.stdout.write(`${model.summary({ ...summaryOptions, lineLength: fitting })}\n`);
    if (plan === undefined) return;
    const what = options.training ? 'a training step' : 'a prediction';
    terminal.stdout.write(`\nThe plan of ${what} for ${batchSize === 1 ? '1 example' : `${batchSize} examples`}:\n\n`);
    terminal.stdout.write(`${planText(plan)}\n`);
  });
}

/** The plan that the wasm engine makes; the engine runs nothing of it. */
function planOf(
  model: Model,
  n: number,
  { training, recompute = false, threads = 2 }: SummaryCommandOptions,
): Promise<Plan> {
  return withEngine({ threads }, async (engine) => {
    if (!training) return engine.plan(traceInference(model, n).graph);
    const setup = {
      ...{ model, loss: lossFrom('categoricalCrossentropy'), optimizer: optimizerFrom('adam') },
      averageMomentum: undefined,
    };
    const { outputShape } = singlePorts(model);
    const targets = { shape: [n, ...outputShape.slice(0, -1)], dtype: 'int32' } as const;
    return engine.plan(traceTrainingStep(setup, new TrainingState(), n, targets, true).graph, { recompute });
  });
}
