import { intBetween, strictShape } from '../config/file/schema-types';

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

const minutes = intBetween(1, LONGEST_MINUTES).optional();
const example = 'minutes, as in { createMinutes: 90 }';

export const operationTimeouts = strictShape(
  { createMinutes: minutes, readMinutes: minutes, updateMinutes: minutes, deleteMinutes: minutes },
  example,
);
/** For roles: the provider has no way to change one. */
export const immutableTimeouts = strictShape(
  { createMinutes: minutes, readMinutes: minutes, deleteMinutes: minutes },
  example,
);
