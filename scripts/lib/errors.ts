/**
 * What a command ends with. `changesPending` is an answer of the `plan` verbs under `--detailed-exitcode`,
 * `refused` is a guard or a rule saying no.
 */
export const EXIT = { done: 0, failed: 1, changesPending: 2, refused: 3 } as const;

export interface ScaleoutErrorOptions {
  /** The exit status this error ends the program with. */
  readonly exitCode?: typeof EXIT.failed | typeof EXIT.refused;
  readonly cause?: unknown;
}

/**
 * A fault that was foreseen. Its message is one short paragraph for a person: what is wrong, where, the value,
 * and the way out.
 */
export class ScaleoutError extends Error {
  readonly exitCode: typeof EXIT.failed | typeof EXIT.refused;

  constructor(message: string, options: ScaleoutErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ScaleoutError';
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}

/** The run was stopped by the person (Ctrl-C) at a safe point; the message says what was done and how to go on. */
export class InterruptedError extends ScaleoutError {
  constructor(message: string) {
    super(message);
    this.name = 'InterruptedError';
  }
}

/** Says no on behalf of a guard or a rule: exit status 3. */
export function refused(message: string): ScaleoutError {
  return new ScaleoutError(message, { exitCode: EXIT.refused });
}

/** The server's answer to a statement: the fields of `pg`'s DatabaseError this project reads. */
export interface ServerMessage {
  readonly message: string;
  /** `ERROR` ends the statement, `FATAL` the session. */
  readonly severity?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
}

/** The SQLSTATE or Node error code of an error, where it carries one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** True for errors the database server itself sent. */
export function isServerError(error: unknown): error is Error & ServerMessage {
  return error instanceof Error && 'severity' in error && 'code' in error;
}

/** The server's words in one paragraph: message, detail, hint, SQLSTATE. */
export function describeServerError(error: ServerMessage): string {
  const hidden = HIDDEN_ROWS.exec(error.message)?.[1];
  if (hidden !== undefined) return describeHiddenRows(hidden);
  const parts = [sentence(error.message)];
  if (error.detail !== undefined) parts.push(sentence(error.detail));
  if (error.hint !== undefined) parts.push(`Hint: ${sentence(error.hint)}`);
  if (error.code !== undefined) parts.push(`(SQLSTATE ${error.code})`);
  return parts.join(' ');
}

/** Of a table, or of a shard of it, whose number is of no use to anybody. */
const HIDDEN_ROWS = /^query would be affected by row-level security policy for table "(.*?)(?:_\d{6,})?"$/;

/** Whether the server refused to read a table of which policies hide rows from this role, since `row_security` is off. */
export function isOfHiddenRows(error: ServerMessage): boolean {
  return HIDDEN_ROWS.test(error.message);
}

/** This program reads whole tables or none: see `row_security` of its sessions. */
export function describeHiddenRows(table: string): string {
  return (
    `table "${table}" is not countable while forced: row-level security hides rows of it from this role, and what is counted without them is wrong. ` +
    `Log in as its owner; where FORCE binds the owner too, run ALTER TABLE ... NO FORCE ROW LEVEL SECURITY while no application logs in as the owner, ` +
    'run this again, and then ALTER TABLE ... FORCE ROW LEVEL SECURITY. (SQLSTATE 42501)'
  );
}

/** Any error as one paragraph for a person, never a stack trace. */
export function explain(error: unknown): string {
  if (isServerError(error)) return `the database answered: ${describeServerError(error)}`;
  if (error instanceof AggregateError && error.message === '') return error.errors.map(explain).join('; ');
  if (error instanceof Error) return error.message;
  return String(error);
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
