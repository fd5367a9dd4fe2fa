import { Token } from 'cdktf';
import type { Violation } from '../config/azure/service-limits';
import { allOf, show } from '../config/text/text';

/** How long Terraform waits for an operation on one resource, in whole minutes. */
export interface OperationTimeouts {
  /** @default - the provider's: 180 for a cluster, 30 for what belongs to one */
  readonly createMinutes?: number;
  /** @default - the provider's: 5 */
  readonly readMinutes?: number;
  /** @default - the provider's: 180 for a cluster, 30 for what belongs to one */
  readonly updateMinutes?: number;
  /** @default - the provider's: 180 for a cluster, 30 for what belongs to one */
  readonly deleteMinutes?: number;
}

const OPERATIONS = ['create', 'read', 'update', 'delete'] as const;
type Operation = (typeof OPERATIONS)[number];

/** For a resource that is replaced when anything about it changes. */
export type ImmutableTimeouts = Omit<OperationTimeouts, 'updateMinutes'>;

const LONGEST_MINUTES = 24 * 60;

/** The meta-argument as the provider takes it, as in `{ create: '90m' }`; nothing where nothing is said. */
export function timeoutsArgument(timeouts: OperationTimeouts | undefined): {
  readonly timeouts?: Partial<Record<Operation, string>>;
} {
  if (timeouts === undefined) return {};
  const said = OPERATIONS.flatMap((operation) => {
    const minutes = timeouts[`${operation}Minutes`];
    return minutes === undefined ? [] : [[operation, `${minutes}m`] as const];
  });
  return { timeouts: Object.fromEntries(said) };
}

/** What is wrong with timeouts; `at` is the prop. */
export function timeoutViolations(
  timeouts: OperationTimeouts,
  operations: readonly Operation[] = OPERATIONS,
): Violation[] {
  const fields = operations.map((operation) => `${operation}Minutes`);
  const given: unknown = timeouts;
  if (typeof given !== 'object' || given === null) {
    return [{ at: [], problem: `is ${show(given)}: pass minutes, as in { createMinutes: 90 }` }];
  }
  return Object.entries(given).flatMap(([field, minutes]: [string, unknown]) => {
    if (!fields.includes(field))
      return [{ at: [field], problem: `is no timeout: there are ${allOf(fields)}` }];
    if (minutes === undefined || Token.isUnresolved(minutes)) return [];
    const fits = Number.isInteger(minutes) && Number(minutes) >= 1 && Number(minutes) <= LONGEST_MINUTES;
    if (fits) return [];
    return [
      {
        at: [field],
        problem: `is ${show(minutes)}: it is a whole number of minutes from 1 to ${LONGEST_MINUTES}`,
      },
    ];
  });
}

/** For roles: the provider has no way to change one. */
export function immutableTimeoutViolations(timeouts: ImmutableTimeouts): Violation[] {
  return timeoutViolations(timeouts, ['create', 'read', 'delete']);
}
