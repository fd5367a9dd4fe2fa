import { readFileSync } from 'node:fs';
import { errorCode, ScaleoutError } from '../lib/errors';
import { canonical, digest } from './snapshot';

/** SHA-256 of a file's content, by which an edit shows. No signature: who can edit can also make one. */
export function contentDigest(content: object): string {
  return `sha256:${digest(canonical(content))}`;
}

/**
 * The JSON of a file that this program wrote; undefined where it holds none.
 *
 * @param what `plan` or `receipt`, as messages call it
 * @param writtenBy the command and option that write one
 * @throws ScaleoutError where the file cannot be read
 */
export function readWritten(file: string, what: string, writtenBy: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ScaleoutError(
      `the ${what} ${file} cannot be read (${errorCode(error) ?? 'unknown'}): name a file that "${writtenBy}" wrote`,
      { cause: error },
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
