/** The options of an optimizer or a schedule in the form of JSON. */
export function optionsOf(config: unknown): Readonly<Record<string, unknown>> {
  return (config as { readonly options?: Readonly<Record<string, unknown>> } | undefined)?.options ?? {};
}

/** The highest learning rate that an optimizer's schedule comes to. */
export function highestRate(optimizer: object): number {
  const { learningRate } = optionsOf(optimizer);
  const { maxLearningRate, initialLearningRate, learningRate: first } = optionsOf(learningRate);
  const found = [learningRate, maxLearningRate, initialLearningRate, first].find((one) => typeof one === 'number');
  return typeof found === 'number' ? found : 0;
}
