import type { Violation } from './service-limits';
import { show } from '../text/text';

/** Characters of a reason: enough for who needs it and why, and one line of a report. */
export const REASON_LENGTH = { fewest: 20, most: 300 } as const;

/** Why something risky is done. It is kept in what is synthesized, for whoever audits it. */
export interface Reason {
  /** One line of 20 to 300 characters: who needs it, why, and until when. */
  readonly reason: string;
}

/** What is wrong with a reason; `at` is `reason`, or empty where there is no such object. */
export function reasonViolations(value: Reason): Violation[] {
  const { fewest, most } = REASON_LENGTH;
  const given: unknown = value;
  const reason = typeof given === 'object' && given !== null ? (given as Partial<Reason>).reason : undefined;
  const wanted = `write one line of ${fewest} to ${most} characters for the auditor: who needs it, why, and until when`;
  if (reason === undefined) {
    return [{ at: [], problem: `is ${show(given)}, without a reason: ${wanted}, as { reason: "..." }` }];
  }
  if (typeof reason !== 'string' || /\p{Cc}/u.test(reason)) {
    return [{ at: ['reason'], problem: `is ${show(reason)}: ${wanted}` }];
  }
  const { length } = reason.trim();
  if (length >= fewest && length <= most) return [];
  return [{ at: ['reason'], problem: `is ${show(reason)}, ${length} characters long: ${wanted}` }];
}
