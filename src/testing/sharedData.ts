import { join } from 'node:path';

/** Where a file of the shared test data lies: below the folder `FOVEA_SHARED`, or `../shared/data` beside this project. */
export function sharedData(...path: readonly string[]): string {
  return join(process.env.FOVEA_SHARED ?? join(import.meta.dirname, '../../../shared/data'), ...path);
}
