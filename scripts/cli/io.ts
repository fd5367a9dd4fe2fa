/** The streams, questions and exit statuses of a run of the program. */
import { createInterface } from 'node:readline/promises';
import { EXIT, ScaleoutError } from '../lib/errors';
import { eventReporter, streamReporter } from '../lib/reporter';
import type { Terminal } from '../lib/terminal-block';
import type { VerbContext, VerbResult } from '../lib/verb';

/** The world that a run of the program touches; tests hand in their own. */
export interface Io {
  readonly stdout: NodeJS.WritableStream & Omit<Terminal, 'write'>;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted when the person asks to stop. */
  readonly signal: AbortSignal;
}

/** What a verb gets from the program, and the environment that names a database. */
export interface CliContext extends VerbContext {
  readonly environment: Io['environment'];
  /** For verbs that print while they run. */
  readonly stdout: Io['stdout'];
  /** Whether that has to be documents. */
  readonly json: boolean;
}

/**
 * What a verb gets from a run of the program.
 *
 * @param flags.yes answers every question with yes
 * @param flags.events what happens is told in lines of JSON
 */
export function contextFor(
  io: Io,
  flags: { readonly yes: boolean; readonly events?: boolean; readonly json?: boolean },
): CliContext {
  return {
    stdout: io.stdout,
    json: flags.json === true,
    reporter: flags.events === true ? eventReporter(io.stderr) : streamReporter(io.stderr),
    signal: io.signal,
    environment: io.environment,
    async confirm(question) {
      if (flags.yes) return true;
      if (io.stdin.isTTY !== true) {
        throw new ScaleoutError(
          'input.confirmation-needed',
          `"${question}" needs an answer and there is no terminal to ask: add --yes; nothing was changed`,
        );
      }
      const terminal = createInterface({ input: io.stdin, output: io.stderr });
      try {
        return /^y(es)?$/i.test(
          (await terminal.question(`${question} [y/N] `, { signal: io.signal })).trim(),
        );
      } finally {
        terminal.close();
      }
    },
  };
}

/** Prints the document (`--json`) or the text of a result; resolves when the reader has it. */
export async function printResult(
  io: Io,
  { document, text, verdict, printed }: VerbResult,
  flags: { readonly json: boolean },
): Promise<void> {
  if (printed === true) return;
  if (flags.json && verdict !== undefined) io.stderr.write(`${verdict}\n`);
  const whole = verdict === undefined ? text : `${text}\n\n${verdict}`;
  await (flags.json ? printDocument(io, document) : print(io, whole));
}

/** Prints a document for programs; resolves when the reader has it. */
export function printDocument(io: Io, document: unknown): Promise<void> {
  return print(io, JSON.stringify(document, undefined, 2));
}

function print(io: Io, text: string): Promise<void> {
  return new Promise((resolve) => {
    io.stdout.write(text === '' || text.endsWith('\n') ? text : `${text}\n`, () => resolve());
  });
}

/** @param flags.detailedExitcode pending changes end with a status of their own */
export function exitStatus(
  outcome: VerbResult['outcome'],
  flags: { readonly detailedExitcode: boolean },
): number {
  switch (outcome) {
    case 'done':
      return EXIT.done;
    case 'changes':
      return flags.detailedExitcode ? EXIT.changesPending : EXIT.done;
    case 'failed':
      return EXIT.failed;
    case 'refused':
      return EXIT.refused;
  }
}
