/** Augmentation: what may be done to photos while training, so that a network sees more than there are. */

export {};
