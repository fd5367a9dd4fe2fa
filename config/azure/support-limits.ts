/**
 * What Azure accepts for the resources that stand beside a cluster, as data, like config/azure/service-limits.ts for the
 * cluster itself: vault, workspace, storage account and lock. The azurerm provider 4.55.0 lets more through.
 */
import type { Violation } from './service-limits';
import { SUBNET_ID } from './subnet-id';
import { oneOf, show } from '../text/text';

export const VAULT_NAME = /^(?=.{3,24}$)[a-zA-Z](?:-?[a-zA-Z0-9])*$/;
export const WORKSPACE_NAME = /^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/;
export const STORAGE_ACCOUNT_NAME = /^[a-z0-9]{3,24}$/;
export const CONTAINER_NAME = /^(?=.{3,63}$)[a-z0-9](?:-?[a-z0-9])*$/;
const LOCK_NAME = /^[A-Za-z0-9_-]{1,90}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** As Key Vault answers it; another way to write the same moment would be a change in every plan. */
export const UTC_SECOND = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

export const RETENTION_DAYS = { fewest: 30, most: 730 } as const;

/** What Azure keeps of the note of a lock, in characters. */
export const LOCK_REASON_LONGEST = 512;

/** A secret takes fewer tags than other resources. */
export const SECRET_TAGS_MOST = 15;

export const REPLICATIONS = ['LRS', 'ZRS', 'GRS', 'GZRS', 'RAGRS', 'RAGZRS'] as const;
/** Where copies are: in one data centre, in the zones of a region, in the paired region, or in both. */
export type Replication = (typeof REPLICATIONS)[number];

/**
 * A state has to outlive its region, since without it Terraform would make everything a second time. Zones as well
 * (GZRS) are the better choice where there are any, and creating the account fails where there are none.
 */
export const REPLICATION_DEFAULT: Replication = 'GRS';

export function vaultNameViolations(name: string): Violation[] {
  return matches(
    name,
    VAULT_NAME,
    'the name of a vault has 3 to 24 letters, digits and single hyphens, begins with a letter and ends with no hyphen, and no other vault on Azure may have it',
  );
}

/** A version is raised by hand, and only its being another one says that the password changed. */
export function passwordVersionViolations(version: number): Violation[] {
  return Number.isSafeInteger(version) && version >= 1
    ? []
    : unfit(version, 'it is a whole number from 1 up, raised whenever the password changes');
}

export function tenantIdViolations(id: string): Violation[] {
  return matches(id, UUID, 'pass the id of an Entra tenant, as in 00000000-0000-0000-0000-000000000000');
}

export function principalIdViolations(id: string): Violation[] {
  return matches(
    id,
    UUID,
    'pass the object id of a user, group or service principal in Entra, as in 00000000-0000-0000-0000-000000000000',
  );
}

export function subnetIdViolations(id: string): Violation[] {
  return matches(id, SUBNET_ID, 'pass the resource id of a subnet, /subscriptions/ID/...');
}

/** A moment, to the second and in UTC. */
export function expiryViolations(text: string): Violation[] {
  const milliseconds = typeof text === 'string' && UTC_SECOND.test(text) ? Date.parse(text) : Number.NaN;
  // A day that a month does not have is moved on to the next month, or is no date at all.
  const exists =
    !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString() === text.replace('Z', '.000Z');
  return exists ? [] : unfit(text, 'write a moment in UTC, to the second, as in 2027-06-30T00:00:00Z');
}

export function workspaceNameViolations(name: string): Violation[] {
  return matches(
    name,
    WORKSPACE_NAME,
    'the name of a workspace has 4 to 63 letters, digits and hyphens, with no hyphen at either end',
  );
}

export function retentionViolations(days: number): Violation[] {
  const { fewest, most } = RETENTION_DAYS;
  return Number.isInteger(days) && days >= fewest && days <= most
    ? []
    : unfit(days, `it is a whole number from ${fewest} to ${most}`);
}

export function storageAccountNameViolations(name: string): Violation[] {
  return matches(
    name,
    STORAGE_ACCOUNT_NAME,
    'the name of a storage account has 3 to 24 small letters and digits, and no other account on Azure may have it',
  );
}

/** What is wrong with the names of an account's containers; `at` is the index of one. */
export function containerViolations(names: readonly string[]): Violation[] {
  if (!Array.isArray(names) || names.length === 0) {
    return [{ at: [], problem: 'is empty: name one, as in tfstate, or one to an environment' }];
  }
  return names.flatMap((name: string, index) => {
    const found = matches(
      name,
      CONTAINER_NAME,
      'the name of a container has 3 to 63 small letters, digits and single hyphens, with no hyphen at either end',
    );
    if (found.length === 0 && names.indexOf(name) < index) {
      found.push({ at: [], problem: `is ${show(name)}, which is listed before: remove it` });
    }
    return found.map((violation) => ({ ...violation, at: [String(index)] }));
  });
}

export function replicationViolations(replication: string): Violation[] {
  return REPLICATIONS.some((each) => each === replication)
    ? []
    : unfit(replication, `it is ${oneOf(REPLICATIONS)}`);
}

export function lockNameViolations(name: string): Violation[] {
  return matches(name, LOCK_NAME, "a lock's name has 1 to 90 letters, digits, hyphens and underscores");
}

export function lockReasonViolations(reason: string): Violation[] {
  const says = typeof reason === 'string' && reason.trim() !== '' && reason.length <= LOCK_REASON_LONGEST;
  return says
    ? []
    : unfit(
        reason,
        `say in 1 to ${LOCK_REASON_LONGEST} characters why it must not be deleted, for the one who tries`,
      );
}

/** JavaScript passes anything where TypeScript says string, and a pattern would match its text. */
function matches(value: string, pattern: RegExp, expected: string): Violation[] {
  return typeof value === 'string' && pattern.test(value) ? [] : unfit(value, expected);
}

function unfit(value: unknown, expected: string): Violation[] {
  return [{ at: [], problem: `is ${show(value)}: ${expected}` }];
}
