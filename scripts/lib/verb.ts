import { InterruptedError } from './errors';
import type { Reporter } from './reporter';

/** What every verb is given beside its own input. */
export interface VerbContext {
  readonly reporter: Reporter;
  /** Aborted by Ctrl-C: the verb stops at its next safe point. */
  readonly signal: AbortSignal;
  /** Asks a person; without a terminal, and without --yes, it throws instead of hanging. */
  readonly confirm: (question: string) => Promise<boolean>;
}

/**
 * What a verb answers with: a document for programs (`--json`), the same as text for people, and how it ended.
 * `changes` is an answer of plan verbs; it becomes exit status 2 under `--detailed-exitcode` alone.
 */
export interface VerbResult<Document = unknown> {
  readonly document: Document;
  readonly text: string;
  /** What a person has to read however the answer is printed: below the text, and on stderr beside a document. */
  readonly verdict?: string;
  /** The document was printed while the verb ran. @default false */
  readonly printed?: boolean;
  readonly outcome: 'done' | 'changes' | 'failed' | 'refused';
}

/**
 * Throws when the person asked to stop. Call it where stopping is safe.
 *
 * @param resume how to go on, as the rest of a sentence: what was done and which command continues it
 */
export function stopIfAsked(signal: AbortSignal, resume: string): void {
  if (signal.aborted) throw new InterruptedError(`stopped as asked: ${resume}`);
}
