/** What is wrong with a photo or a file among the photos. */
export type PhotoProblemKind =
  | 'broken' // it cannot be decoded to its end
  | 'tooLarge' // more pixels than allowed, which a small file can claim
  | 'unsupported' // a picture of a kind that is not read
  | 'unreadable' // the system refuses to read it
  | 'notPhoto' // some other file
  | 'row' // a row of a list that cannot be used
  | 'empty' // a folder of a class without photos
  | 'unlabeled'; // photos of a class that the training photos do not have

/** Something among the photos that was left out, and why. */
export interface PhotoProblem {
  /** Relative to the folder of photos, with `/`. */
  readonly path: string;
  readonly kind: PhotoProblemKind;
  readonly message: string;
}
