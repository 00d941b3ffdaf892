/**
 * A difference in accuracy that is worth acting on: five points. One number for all findings: it bounds the error that is
 * left alone, the gap between training and validation that is, and the doubt about the validation accuracy.
 */
export const MATTERS = 0.05;

/** Recalls that are further apart than this, and surely apart, are an imbalance. */
export const RECALL_SPREAD = 0.2;
