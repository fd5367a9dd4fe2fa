import { readAllowanceId } from '../../../config/workload/allowances';
import type { Allowance } from '../../../config/workload/distribution-types';
import { didYouMean } from '../../../config/text/text';
import { ScaleoutError } from '../../lib/errors';
import { howToAllow, notAllowed } from './findings';
import type { Finding } from './findings';

/** A finding beside what a person said of it. */
export interface JudgedFinding extends Finding {
  /** False stops a run. A note needs no allowance and is never false. */
  readonly allowed: boolean;
  /** Of the allowance, where it has one. */
  readonly reason?: string;
}

/**
 * The allowances of a command line, each id once.
 *
 * @throws ScaleoutError where an id has another form than the ids of findings
 */
export function allowancesOf(ids: readonly string[]): Allowance[] {
  return [...new Set(ids)].map((id) => {
    const read = readAllowanceId(id);
    if (!read.ok) throw new ScaleoutError('input.invalid', `--allow ${read.problem}; nothing was changed`);
    return { id };
  });
}

/** Each id once; where both have it, that of the specification, which has a reason. Pure. */
export function withAllowances<T extends { readonly allow?: readonly Allowance[] }>(
  specified: T,
  more: readonly Allowance[],
): T {
  const known = specified.allow ?? [];
  const added = more.filter(({ id }) => !known.some((each) => each.id === id));
  return added.length === 0 ? specified : { ...specified, allow: [...known, ...added] };
}

/** Pure. */
export function judgeFindings(findings: readonly Finding[], allowed: readonly Allowance[]): JudgedFinding[] {
  const open = new Set(notAllowed(findings, allowed));
  return findings.map((finding) => {
    const reason = allowed.find(({ id }) => id === finding.id)?.reason;
    return { ...finding, allowed: !open.has(finding), ...(reason === undefined ? {} : { reason }) };
  });
}

/** A line for each allowance that no finding needs: a slip, or of a step that is done. Pure. */
export function idleAllowances(findings: readonly Finding[], allowed: readonly Allowance[]): string[] {
  const ids = findings.map(({ id }) => id);
  return allowed
    .filter(({ id }) => !ids.includes(id))
    .map(({ id }) => `--allow ${id} allows nothing: this plan has no such finding${didYouMean(id, ids)}`);
}

/** Findings as people read them, below a plan; what needs an allowance comes first. Pure. */
export function describeFindings(findings: readonly JudgedFinding[]): string[] {
  if (findings.length === 0) return [];
  const asked = findings.filter(({ needs }) => needs === 'allowance');
  const notes = findings.filter(({ needs }) => needs === 'none');
  return [
    '',
    'What to know before it runs',
    ...asked.map(
      ({ id, message, allowed, reason }) =>
        `  ${allowed ? 'allowed' : 'NOT ALLOWED'} ${id}: ${message}${reason === undefined ? '' : ` Reason: ${reason}`}`,
    ),
    ...notes.map(({ id, message }) => `  note ${id}: ${message}`),
  ];
}

/**
 * What ends a plan that may not run; undefined where it may. Pure.
 *
 * @param done what was not done because of it, as a sentence
 */
export function refusal(findings: readonly JudgedFinding[], done: string): string | undefined {
  const open = findings.filter(({ allowed }) => !allowed);
  if (open.length === 0) return undefined;
  const need = open.length === 1 ? 'One finding needs' : `${String(open.length)} findings need`;
  return `${need} an allowance: ${open.map(({ id }) => id).join(', ')}. ${done} ${howToAllow(open)}`;
}
