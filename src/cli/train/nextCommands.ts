import { dataArguments } from '../data/dataSource.js';
import { shellWord } from '../format.js';
import type { TrainFacts } from './trainReporter.js';

/** What a person may want to do after a run, as commands that work where this one did. */
export function nextCommands({ config, folder }: TrainFacts, program: string) {
  const { data, modelName, training } = config;
  const say = (...words: readonly string[]): string => `${program} ${words.map(shellWord).join(' ')}`;
  const same = dataArguments(data);
  const commands = [
    { command: say('evaluate', folder.path), what: 'How good is it for each class, and what is taken for what?' },
    { command: say('predict', folder.path, '--limit', '10'), what: 'What does it say of single pictures?' },
  ];
  if (modelName === 'cnn-bn') {
    const epochs = `${2 * training.epochs}`;
    commands.push({
      command: say('train', '--resume', folder.path, '--epochs', epochs),
      what: 'Does it get better with more epochs?',
    });
  } else {
    const [better, what] =
      modelName === 'cnn' ? ['cnn-bn', 'batch normalization and dropout'] : ['cnn', 'convolutions'];
    commands.push({ command: say('train', ...same, '--model', better), what: `A network with ${what}` });
  }
  if (data.name === 'digits')
    commands.push({ command: say('train', 'mnist'), what: 'Real handwriting, fetched once (11 MB)' });
  else if (data.name === 'mnist')
    commands.push({ command: say('train', 'fashion-mnist'), what: 'Clothes instead of digits' });
  return commands;
}
