/** How a framework lays out the numbers of its weights. */
export interface WeightLayout {
  /** Axes of a convolution's kernel. A depthwise kernel is HWC1 with the one, C1HW with the other. */
  readonly convolution: 'HWIO' | 'OIHW';
  /** The kernels are for true convolution and are turned by 180° to be used for correlation, as here. */
  readonly flipped: boolean;
  /** Axes of a dense layer's kernel: [in, out] or [out, in]. */
  readonly dense: 'inputsFirst' | 'outputsFirst';
  /** In which order a picture [h, w, c] was flattened before a dense layer. */
  readonly flattened: 'channelsLast' | 'channelsFirst';
}

/** Layouts of frameworks. `theano` is Keras with its Theano backend, all that Keras 1 wrote with "th" ordering. */
export const weightLayouts = {
  keras: { convolution: 'HWIO', flipped: false, dense: 'inputsFirst', flattened: 'channelsLast' },
  theano: { convolution: 'OIHW', flipped: true, dense: 'inputsFirst', flattened: 'channelsFirst' },
  torch: { convolution: 'OIHW', flipped: false, dense: 'outputsFirst', flattened: 'channelsFirst' },
} as const satisfies Record<string, WeightLayout>;

export type WeightLayoutName = keyof typeof weightLayouts;
