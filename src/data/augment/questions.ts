import type { Augmentation } from './augmentation.js';

/** What is known of the data that is to be augmented. */
export interface AugmentedData {
  readonly classNames?: readonly string[];
}

/** What a configuration may do to a picture. */
interface Effects {
  readonly mirrored: boolean;
  readonly upsideDown: boolean;
  /** Degrees to the stronger side. */
  readonly turn: number;
  /** Hues are changed, or colors taken away. */
  readonly colors: boolean;
}

/**
 * Asks about changes that may turn a picture into one of another class, or into one that never occurs: a sentence each, with the
 * reason. Judged by the names of the classes and what is switched on; nothing is forbidden.
 */
export function augmentationQuestions(augmentation: Augmentation, { classNames = [] }: AugmentedData = {}): string[] {
  const effects = effectsOf(safeConfig(augmentation));
  const questions: string[] = [];
  const signs = classNames.length >= 2 && classNames.every((name) => /^[\p{L}\p{N}]$/u.test(name.trim()));
  const sides = sidedPair(classNames);
  if (effects.mirrored && signs) {
    questions.push(
      'Mirrored left to right, digits and letters are no such signs any more, or others (b and d): leave flipHorizontal out.',
    );
  } else if (effects.mirrored && sides !== undefined) {
    questions.push(
      `Mirrored left to right, "${sides[0]}" looks like "${sides[1]}", but keeps its label: leave flipHorizontal out.`,
    );
  }
  if (effects.upsideDown && signs) {
    questions.push(
      'Upside down, digits and letters are no such signs any more, or others (6 and 9, M and W): leave flipVertical out.',
    );
  } else if (effects.upsideDown && !FROM_ABOVE.test(classNames.join(' '))) {
    const example = classNames[0] === undefined ? 'things' : `"${classNames[0]}"`;
    questions.push(
      `Do your photos ever show ${example} upside down? If not, flipVertical spends what the network can learn on what it never sees; it suits pictures from above or through a microscope.`,
    );
  }
  const both = (a: string, b: string): boolean => classNames.includes(a) && classNames.includes(b);
  if (effects.turn >= 120 && both('6', '9')) {
    questions.push(`Turned by 180°, a 6 is a 9: rotation goes to ${effects.turn}°; for digits ±10 to ±20° is usual.`);
  } else if (effects.turn > 30 && signs) {
    questions.push(
      `Turned by ${effects.turn}°, some digits and letters look like others (1 and 7, N and Z): ±10 to ±20° is usual.`,
    );
  } else if (effects.turn > 45 && !FROM_ABOVE.test(classNames.join(' '))) {
    questions.push(
      `Are your photos ever turned by ${effects.turn}°? If not, ±10 to ±20° is usual; any angle suits pictures from above or through a microscope.`,
    );
  }
  const color = classNames.find((name) => COLORS.test(name));
  if (effects.colors && color !== undefined) {
    questions.push(
      `Class "${color}" is named by its color, which hue and saturation change: leave them out, or weaken them.`,
    );
  }
  return questions;
}

const FROM_ABOVE =
  /\b(aerial|satellite|sentinel|overhead|drone|microscop\w*|cells?|histolog\w*|patholog\w*|tissue|galax\w*|telescope)\b/i;
const COLORS = /(^|[^a-z])(red|green|blue|yellow|orange|purple|pink|brown|black|white|gr[ae]y|ripe|unripe)([^a-z]|$)/i;

/** Two classes of which one has the name of the other but for the side. */
function sidedPair(names: readonly string[]): [string, string] | undefined {
  const swap = (name: string): string =>
    name.replace(/left|right/gi, (side) => {
      const other = side.toLowerCase() === 'left' ? 'right' : 'left';
      return side[0] === side[0]?.toUpperCase() ? other[0]?.toUpperCase() + other.slice(1) : other;
    });
  for (const name of names) {
    const other = swap(name);
    if (other !== name && names.includes(other)) return [name, other];
  }
  return undefined;
}

function safeConfig(augmentation: Augmentation): Readonly<Record<string, unknown>> {
  try {
    return augmentation.config();
  } catch {
    // A generator with a function of its own: its settings are not written down.
    return {};
  }
}

function effectsOf(config: Readonly<Record<string, unknown>>): Effects {
  if (config.type === 'imageDataGenerator') {
    const shift = config.channelShiftRange as number | undefined;
    return {
      mirrored: config.horizontalFlip === true,
      upsideDown: config.verticalFlip === true,
      turn: (config.rotationRange as number | undefined) ?? 0,
      colors: shift !== undefined && shift > 60,
    };
  }
  const transforms = (config.transforms as readonly Readonly<Record<string, unknown>>[] | undefined) ?? [];
  const done = transforms.filter(({ p }) => p !== 0);
  const has = (type: string): boolean => done.some((one) => one.type === type);
  const turns = done.map((one) => {
    if (one.type === 'trivialAugment') return 135;
    if (one.type === 'randAugment') return ((one.magnitude as number | undefined) ?? 9) * 1;
    if (one.type !== 'rotation') return 0;
    const degrees = (one.degrees as number | readonly number[] | undefined) ?? 10;
    return typeof degrees === 'number' ? degrees : Math.max(...degrees.map(Math.abs));
  });
  return {
    mirrored: has('flipHorizontal'),
    upsideDown: has('flipVertical'),
    turn: Math.max(0, ...turns),
    colors: has('hue') || has('trivialAugment') || has('randAugment') || has('saturation'),
  };
}
