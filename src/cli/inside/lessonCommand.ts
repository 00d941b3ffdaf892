import { access } from 'node:fs/promises';
import type { Command } from 'commander';
import { writeFileAtomic } from '../../formats/node/files.js';
import { lessonPage } from '../../pages/lesson/lessonPage.js';
import { type LessonZero, lessonZero } from '../../pages/lesson/lessonZero.js';
import { FoveaError } from '../../tensor/errors.js';
import { addDataOptions, type DataOptions } from '../data/dataOptions.js';
import { chooseData, openData } from '../data/dataSource.js';
import { commas, percent } from '../format.js';
import type { Terminal } from '../terminal.js';

interface LessonOptions extends DataOptions {
  readonly data?: string;
  readonly out?: string;
  readonly force?: true;
  readonly json?: true;
}

/** Drawing digits takes longer than reading them: fewer do. */
const DRAWN = { trainSize: 5000, testSize: 2000 };

/** `fovea lesson` */
export function addLessonCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('lesson')
    .summary('a page that shows how a network sees, without learning')
    .description(
      'Writes Lesson 0, a page with live numbers: eight filters made by hand, max-pooling, templates that tell 8s from 1s without learning, zero padding, why filters need so few numbers, and softmax. Prints the same in sentences.',
    )
    .option('--data <name>', 'digits (drawn here), mnist, fashion-mnist, or a folder of idx files (default: digits)');
  addDataOptions(command)
    .option('--out <file>', 'the page (default: lesson-0.html)')
    .option('--force', 'replace the file where it is there already')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  fovea lesson
  fovea lesson --data mnist --out lesson.html`,
    )
    .action((options: LessonOptions) => writeLesson(options, terminal));
}

async function writeLesson(options: LessonOptions, terminal: Terminal): Promise<void> {
  const { data = 'digits', dataFolder, trainSize, testSize, out = 'lesson-0.html' } = options;
  if (!options.force && (await exists(out))) {
    const remedy = 'Name another with --out, or add --force';
    throw new FoveaError('file', { where: `file "${out}"`, rule: 'it is there already', remedy });
  }
  const choice = {
    ...(await chooseData(data, dataFolder)),
    ...(data === 'digits' ? DRAWN : {}),
    ...(trainSize === undefined ? {} : { trainSize }),
    ...(testSize === undefined ? {} : { testSize }),
  };
  const lesson = await lessonZero(await openData(choice, terminal), { signal: terminal.signal });
  await writeFileAtomic(out, await lessonPage(lesson));
  if (options.json) {
    const { results, movedDifference, padding, parameters } = lesson;
    const facts = { data: lesson.data, results, movedDifference, padding, parameters, page: out };
    terminal.stdout.write(`${JSON.stringify(facts)}\n`);
    return;
  }
  terminal.stdout.write(`${sentences(lesson).join('\n')}\n\nThe page: ${out}\n`);
}

function sentences({ data, templates, results, padding, parameters, movedDifference }: LessonZero): string[] {
  return [
    `Templates of ${templates.map(({ digit, from }) => `${commas(from)} ${digit}s`).join(' and ')} (${data}), from eight filters made by hand:`,
    ...results.map(
      ({ digit, right, total }) =>
        `  of ${commas(total)} other ${digit}s, ${commas(right)} were called ${digit} (${percent(right / total, 1)})`,
    ),
    `A picture that moves moves its answers: the greatest difference is ${movedDifference}.`,
    `Sizes: ${padding.map(({ name, shape }) => `${name} ${shape.join(' × ')}`).join(', ')}.`,
    `28 × 28 to 28 × 28 × 12 takes ${commas(parameters.dense)} numbers with a dense layer, ${commas(parameters.convolution)} with filters.`,
  ];
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
