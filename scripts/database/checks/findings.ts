import { refused } from '../../lib/errors';
import type { ScaleoutError } from '../../lib/errors';
import type { Allowance } from '../../../config/workload/distribution-types';

/**
 * Something that a plan does, or leaves as it is, that a person should know of before it runs. What is refused outright is no
 * finding but a fault: it has no allowance.
 */
export interface Finding {
  /** `kind:subject`, the same in every plan: `forced-policy-window:ledger_lines`. `--allow` takes it. */
  readonly id: string;
  /** One paragraph: what happens, why, and what to do about it. */
  readonly message: string;
  /** `allowance`: nothing runs until a person allows it by its id. `none`: a note. */
  readonly needs: 'allowance' | 'none';
}

/** @param subject what it is about, as messages name it: a table, a view, a policy of a table */
export function finding(kind: string, subject: string, message: string, needs: Finding['needs']): Finding {
  return { id: `${kind}:${subject}`, message, needs };
}

/** Each id once, in the order of the first. Pure. */
export function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((each) => [each.id, each])).values()];
}

/** What needs an allowance and has none. Pure. */
export function notAllowed(findings: readonly Finding[], allowed: readonly Allowance[]): Finding[] {
  const ids = new Set(allowed.map(({ id }) => id));
  return findings.filter(({ id, needs }) => needs === 'allowance' && !ids.has(id));
}

/**
 * @param done what was changed so far, as the end of a sentence
 * @throws ScaleoutError (refused) that names each finding without an allowance and says what to type
 */
export function requireAllowed(
  findings: readonly Finding[],
  allowed: readonly Allowance[],
  done = 'nothing was changed',
): void {
  const open = notAllowed(findings, allowed);
  if (open.length > 0) throw notAllowedError(open, done);
}

/** Findings that a message has in full. */
const LISTED = 10;

function notAllowedError(open: readonly Finding[], done: string): ScaleoutError {
  const listed = open.slice(0, LISTED).map(({ id, message }) => `- ${id}: ${message}`);
  const more = open.length - listed.length;
  const what = [
    ...listed,
    ...(more === 0 ? [] : [`and ${String(more)} more, which --json lists in error.details.findings`]),
  ].join('\n');
  return refused(
    'tables.not-allowed',
    `${open.length === 1 ? 'one finding needs' : `${String(open.length)} findings need`} an allowance, and ${done}:\n${what}\n${howToAllow(open)}`,
    { details: { findings: open.map(({ id, message }) => ({ id, message })) } },
  );
}

/** `Allow it with --allow ID, or ...` */
export function howToAllow(open: readonly Finding[]): string {
  const [first] = open;
  return `${howToAllowByFlag(open)}, or list ${open.length === 1 ? 'it' : 'each'} in the specification with a reason: allow: [{ id: ${JSON.stringify(first?.id ?? '')}, reason: "..." }]`;
}

/** The same for a verb without a specification. */
export function howToAllowByFlag(open: readonly Finding[]): string {
  const flags = open.map(({ id }) => `--allow ${shellWord(id)}`).join(' ');
  return `To allow ${open.length === 1 ? 'it' : 'all of them'}, add ${flags}`;
}

function shellWord(id: string): string {
  return /^[\w:.,/@-]+$/.test(id) ? id : `'${id.replaceAll("'", `'\\''`)}'`;
}

/**
 * Citus takes the position up to which a copy by logical replication has to follow the writers to be what the server has written by
 * then. Commits that are acknowledged before they are written are behind it, and stay in the old shard or table.
 *
 * @param where labels of nodes and names of roles
 * @param copy what copies and for how long, as the middle of a sentence, and how to do without
 */
export function asynchronousCommits(
  where: readonly string[],
  { loses, otherwise }: { readonly loses: string; readonly otherwise: string },
): Finding[] {
  return where.map((place) =>
    finding(
      'asynchronous-commit',
      place,
      `synchronous_commit is off for ${place}: ${loses}. Set it to on (ALTER ROLE, ALTER DATABASE or the server parameter) and let applications connect again, ` +
        `stop writers, or ${otherwise}`,
      'allowance',
    ),
  );
}
