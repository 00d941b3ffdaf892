import type { ActivationSpec } from '../../layers/activations.js';

/** Keras's names of activations; `swish` is its older name of silu. */
export const activationNames: Readonly<Record<string, ActivationSpec['type']>> = {
  linear: 'linear',
  relu: 'relu',
  relu6: 'relu6',
  leaky_relu: 'leakyRelu',
  elu: 'elu',
  gelu: 'gelu',
  silu: 'silu',
  swish: 'silu',
  sigmoid: 'sigmoid',
  tanh: 'tanh',
  softplus: 'softplus',
  softmax: 'softmax',
  log_softmax: 'logSoftmax',
};

/** Names of initialisers that take no options, by Keras's class; older versions write them in small letters. */
export const initializerNames: Readonly<Record<string, string>> = {
  Zeros: 'zeros',
  Ones: 'ones',
  GlorotUniform: 'glorotUniform',
  GlorotNormal: 'glorotNormal',
  HeUniform: 'heUniform',
  HeNormal: 'heNormal',
  LecunUniform: 'lecunUniform',
  LecunNormal: 'lecunNormal',
};
