import { stripVTControlCharacters } from 'node:util';
import { ScaleoutError } from '../lib/errors';
import { parseStrictJson, RepeatedKeyError } from '../lib/strict-json';

/**
 * The one document in what Terraform wrote to stdout for `-json`. Whoever stands around Terraform writes there as well,
 * such as a version manager, or the wrapper that CI puts in its place: lines before and after the document are passed
 * over. What Terraform has to say of its own settings goes to stderr, which is to be no part of this. Pure.
 *
 * @throws ScaleoutError when there is no document, or it has two readings by a key that is there twice; what was written is not
 * repeated, as it may hold passwords
 */
export function terraformDocument(stdout: string): unknown {
  const whole = parseDocument(stdout);
  if (whole !== undefined && !isLogged(whole)) return whole;
  // Every document of Terraform is an object, and begins a line.
  for (const { index } of stdout.matchAll(/^[ \t]*\{/gm)) {
    const found = parseDocument(stdout.slice(index, endOfObject(stdout, index)));
    if (found !== undefined && !isLogged(found)) return found;
  }
  throw new ScaleoutError('infra.terraform-answer', 'Terraform printed no JSON where it was asked for it');
}

/** One message of a run that was asked for `-json`, which has one to a line; undefined for any other line. Pure. */
export function terraformMessage(line: string): unknown {
  return line.trimStart().startsWith('{') ? parseJson(line) : undefined;
}

/** The messages in what a run wrote; all other lines are passed over. Pure. */
export function terraformMessages(output: string): readonly unknown[] {
  return output
    .split('\n')
    .map(terraformMessage)
    .filter((message) => message !== undefined);
}

/** Undefined for what is no JSON. A log may repeat a key, a document may not. */
function parseDocument(text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch (error) {
    if (!(error instanceof RepeatedKeyError)) return undefined;
    if (isLogged(parseJson(text))) return undefined;
    throw new ScaleoutError(
      'infra.terraform-answer',
      `what Terraform printed has two readings: ${error.message}`,
      {
        cause: error,
      },
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A line of a log as JSON is an object as well. */
function isLogged(parsed: unknown): boolean {
  return typeof parsed === 'object' && parsed !== null && '@level' in parsed;
}

/** Where the object that begins at or after `from` ends: behind the brace that closes it, braces in strings apart. */
function endOfObject(text: string, from: number): number {
  const tokens = /"(?:[^"\\]|\\.)*"|[{}]/gs;
  tokens.lastIndex = from;
  let depth = 0;
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    if (token[0] === '{') depth += 1;
    else if (token[0] === '}') {
      depth -= 1;
      if (depth === 0) return tokens.lastIndex;
    }
  }
  return text.length;
}

/** A line of Terraform's log (TF_LOG), which it writes between what it says; an entry may go on for more lines. */
const LOG_ENTRY =
  /^(?:\d{4}-\d\d-\d\dT\S+ )?\[(?:TRACE|DEBUG|INFO|WARN|ERROR)\]|^\{"@level":|^Error opening log file: /;
const SPEECH = /^\s*$|^\s*╷|^\s*(?:Error|Warning): /;

/**
 * What Terraform says of its own settings before anything else, and goes on: that TF_CLI_CONFIG_FILE names no file, say. Its
 * errors end with a sentence of their own, which its warnings do not have.
 */
const SETTINGS = 'There are some problems with the CLI configuration:';
const SETTINGS_ERRORS = new RegExp(
  `^[ \\t]*${SETTINGS}$(?:(?!${SETTINGS})[^])*?As a result of the above problems, Terraform may not behave as intended\\.\\s*`,
  'gm',
);
const SETTINGS_WARNINGS = new RegExp(
  `^[ \\t]*${SETTINGS}\\s*(?:^[ \\t]*╷\\s*^[ \\t]*│[ \\t]*Warning: .*\\n(?:[ \\t]*│.*\\n)*[ \\t]*╵\\s*)*`,
  'gm',
);

/**
 * What Terraform wrote for people, of the work it was asked to do: without its log, and without what it has to say of
 * its own settings, unless it says nothing else. Pure.
 */
export function terraformWords(output: string): string {
  const told = stripVTControlCharacters(output).replace(SETTINGS_ERRORS, '').replace(SETTINGS_WARNINGS, '');
  let inLog = false;
  const words = told.split('\n').filter((line) => {
    if (LOG_ENTRY.test(line)) inLog = true;
    else if (SPEECH.test(line)) inLog = false;
    return !inLog;
  });
  return words.some((line) => line.trim() !== '') ? words.join('\n') : output;
}
