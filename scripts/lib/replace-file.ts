import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { orUndefined } from './or-undefined';

export interface ReplaceOptions {
  /** Rights of the file. @default what the process gives */
  readonly mode?: number;
  /**
   * Where it is written first, in the same directory. What a killed run left there is removed.
   *
   * @default a name of its own
   */
  readonly beside?: string;
}

/**
 * Puts a file in its place at once: whoever reads it sees the one before or this one, never half of it. Where that fails,
 * nothing is left beside it.
 *
 * @throws Node's error
 */
export function replaceFile(
  file: string,
  text: string,
  { mode, beside = `${file}.${randomUUID()}.tmp` }: ReplaceOptions = {},
): void {
  try {
    rmSync(beside, { force: true });
    writeFileSync(beside, text, { flag: 'wx', flush: true, ...(mode === undefined ? {} : { mode }) });
    renameSync(beside, file);
  } catch (error) {
    orUndefined(() => {
      rmSync(beside, { force: true });
    });
    throw error;
  }
}
