import { expect, test } from 'vitest';
import { fuzz } from './testing/fuzz.js';
import { fuzzSubjects } from './testing/fuzzSubjects.js';

/** Damaged files of each format; FOVEA_FUZZ asks for more of them, FOVEA_FUZZ_FIRST for others. */
const FILES = Number(process.env.FOVEA_FUZZ ?? 800);
const FIRST = Number(process.env.FOVEA_FUZZ_FIRST ?? 0);
const MOST_MS = 1000;
/** Beyond twice the file's size. */
const MOST_BYTES = 64e6;

const subjects = await fuzzSubjects();

test('at least 10,000 files in all', () => {
  expect(FILES * subjects.length).toBeGreaterThanOrEqual(10_000);
});

test.each(subjects.map((subject) => [subject.name, subject] as const))(
  '%s: each damaged file is read or refused, at once and within bounded memory',
  async (_, subject) => {
    const { crashes, slowest, hungriest, refused } = await fuzz(subject, FILES, FIRST);
    if (process.env.FOVEA_FUZZ !== undefined) {
      process.stderr.write(
        `${subject.name}: ${FILES} files, ${refused} refused, slowest ${slowest.ms.toFixed(0)} ms (file ${slowest.file}), most memory ${(hungriest.bytes / 1e6).toFixed(1)} MB (file ${hungriest.file})\n`,
      );
    }
    expect(crashes.map(({ file, error }) => `${file}: ${error instanceof Error ? error.stack : error}`)).toEqual([]);
    expect([slowest.file, slowest.ms < MOST_MS]).toEqual([slowest.file, true]);
    expect([hungriest.file, hungriest.bytes < MOST_BYTES]).toEqual([hungriest.file, true]);
    // Most damage is noticed: a reader that took everything would pass otherwise.
    expect(refused).toBeGreaterThan(FILES / 4);
  },
  60_000 + 100 * FILES,
);
