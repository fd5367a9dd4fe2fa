import { ConfigError } from '../../config/file/config-error';
import { ERRORS } from './error-codes';
import type { ErrorCode } from './error-codes';

/** Data of an error for programs, in JSON. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * What a command ends with. `changesPending` is an answer of the `plan` verbs under `--detailed-exitcode`,
 * `refused` is a guard or a rule saying no.
 */
export const EXIT = { done: 0, failed: 1, changesPending: 2, refused: 3 } as const;

export interface ScaleoutErrorOptions {
  /** The exit status this error ends the program with. */
  readonly exitCode?: typeof EXIT.failed | typeof EXIT.refused;
  readonly cause?: unknown;
  /** What programs read instead of the message: ids, files, SQLSTATEs. JSON, without secrets. */
  readonly details?: ErrorDetails;
  /** The way out of this very error. @default that of its code */
  readonly hint?: string;
}

/**
 * An error that was foreseen. Its message is one short paragraph for a person: what is wrong, where, the value,
 * and the way out. Its code stays the same however the message is worded.
 */
export class ScaleoutError extends Error {
  readonly code: ErrorCode;
  readonly exitCode: typeof EXIT.failed | typeof EXIT.refused;
  readonly details: ErrorDetails;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: ScaleoutErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ScaleoutError';
    this.code = code;
    this.exitCode = options.exitCode ?? EXIT.failed;
    this.details = options.details ?? {};
    this.hint = options.hint ?? ERRORS[code].hint;
  }
}

/** The run was stopped by the person (Ctrl-C) at a safe point; the message says what was done and how to go on. */
export class InterruptedError extends ScaleoutError {
  constructor(message: string) {
    super('run.stopped', message);
    this.name = 'InterruptedError';
  }
}

/** Says no on behalf of a guard or a rule: exit status 3. */
export function refused(
  code: ErrorCode,
  message: string,
  options: Omit<ScaleoutErrorOptions, 'exitCode'> = {},
): ScaleoutError {
  return new ScaleoutError(code, message, { ...options, exitCode: EXIT.refused });
}

/** What `--json` prints on stdout where a command fails. */
export interface ErrorDocument {
  readonly formatVersion: 1;
  readonly error: {
    readonly code: ErrorCode;
    /** For people; its wording may change. */
    readonly message: string;
    readonly details: ErrorDetails;
    readonly hint: string;
  };
}

/** Any error as the document of a failed command. Pure. */
export function errorDocument(error: unknown): ErrorDocument {
  const message = explain(error);
  const document = (
    code: ErrorCode,
    details: ErrorDetails,
    hint: string = ERRORS[code].hint,
  ): ErrorDocument => ({
    formatVersion: 1,
    error: { code, message, details, hint },
  });
  if (error instanceof ScaleoutError) return document(error.code, error.details, error.hint);
  if (error instanceof ConfigError) return document('config.invalid', { issues: error.issues });
  if (isServerError(error)) return document('database.error', serverDetails(error));
  return document('internal.unexpected', {});
}

/** What a server's error says for programs. */
export function serverDetails({ code, message }: ServerMessage): ErrorDetails {
  return { ...(code === undefined ? {} : { sqlState: code }), serverMessage: message };
}

/** The server's answer to a statement: the fields of `pg`'s DatabaseError this project reads. */
export interface ServerMessage {
  readonly message: string;
  /** `ERROR` ends the statement, `FATAL` the session. */
  readonly severity?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
  /** Of the place in the statement that it is about, in characters from 1. */
  readonly position?: string;
  /** What the server was at: `COPY t, line 3, column n`. */
  readonly where?: string;
}

/**
 * The SQLSTATE of an error, as in `42P01`; undefined where the error is not PostgreSQL's.
 *
 * @example
 * if (sqlStateOf(error) !== '42501') throw error; // anything but a missing privilege
 */
export function sqlStateOf(error: unknown): string | undefined {
  const code = codeOf(error);
  return code !== undefined && SQL_STATE.test(code) ? code : undefined;
}

/** Node's own code of an error, as in `ENOENT` or `CERT_HAS_EXPIRED`; undefined where the error is not Node's. */
export function nodeCodeOf(error: unknown): string | undefined {
  const code = codeOf(error);
  return code === undefined || SQL_STATE.test(code) || error instanceof ScaleoutError ? undefined : code;
}

/** Five digits and capitals. No class of PostgreSQL begins with an E, as the five letters of EPIPE do. */
const SQL_STATE = /^[0-9FHPX][0-9A-Z]{4}$/;

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** True for errors the database server itself sent. */
export function isServerError(error: unknown): error is Error & ServerMessage {
  return error instanceof Error && 'severity' in error && 'code' in error;
}

/** What Citus, and the client library of its nodes, say of a node that went away under a statement. */
const NODE_LOST =
  /connection to the remote node|server closed the connection unexpectedly|lost connection to|could not connect to|the database system is (?:starting up|shutting down|in recovery|not yet accepting)/i;

/** Whether a statement failed because another node of the cluster went away; the session itself is alive. */
export function isOfLostNode(error: unknown): error is Error & ServerMessage {
  if (!isServerError(error) || error.severity !== 'ERROR') return false;
  return /^(08|57P0)/.test(error.code ?? '') || NODE_LOST.test(error.message);
}

/** The server's words in one paragraph: message, detail, hint, SQLSTATE. */
export function describeServerError(error: ServerMessage): string {
  const hidden = HIDDEN_ROWS.exec(error.message)?.[1];
  if (hidden !== undefined) return describeHiddenRows(hidden);
  // The client library of the nodes words what it meets in several lines; lines of a detail are a list.
  const parts = [sentence(error.message.replace(/\s*\n\s*/g, ' '))];
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
