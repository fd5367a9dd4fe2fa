import { ROLE_ASSIGNMENT } from '../../audit/stack/azurerm';
import type { Json } from '../../audit/stack/synthesized';
import type { Verdict } from './finding';
import { nameOf } from './finding';
import type { ResourceChange } from './plan-json';
import { changesNothing } from './plan-json';
import { kindOf } from './resource-words';
import { isUnknown, shownValue, valueText } from './values';

/** Roles with which their holder gives rights away, or changes everything. The ids are the same in every tenant. */
const OWNERS: Readonly<Record<string, string>> = {
  '8e3af657-a8ff-443c-a75c-2fe8c4bcb635': 'Owner',
  '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9': 'User Access Administrator',
  'f58310d9-a9f6-439a-9e8d-f62e7b41a168': 'Role Based Access Control Administrator',
  'b24988ac-6180-42a0-ab88-20f7382dd24c': 'Contributor',
};

const ROLE_ARGUMENTS = ['role_definition_id', 'role_definition_name'];
const SHOWN = ['principal_id', 'scope', ...ROLE_ARGUMENTS];
const BY_HAND = 'assign the role by hand, where somebody answers for it';

/** A role that a plan gives away with which its holder decides over everything. */
export function assignedOwners(change: ResourceChange): readonly Verdict[] {
  if (change.type !== ROLE_ASSIGNMENT || change.after === null || changesNothing(change)) return [];
  const values = SHOWN.map((attribute) => shownValue(change, attribute)).filter(
    ({ before, after }) => before !== null || after !== null,
  );
  const owner = ROLE_ARGUMENTS.map((attribute) => ownerOf(change.after?.[attribute])).find(Boolean);
  if (owner !== undefined) {
    const [principal, scope] = ['principal_id', 'scope'].map((attribute) =>
      valueText(shownValue(change, attribute).after),
    );
    return [
      {
        guard: 'assign-owner',
        level: 'never',
        values,
        why: `${String(principal)} becomes ${owner} of ${String(scope)}, and a deploy is to give no such rights away`,
        wayOut: BY_HAND,
      },
    ];
  }
  // Either of the two names the role; the provider works out the other one.
  if (!ROLE_ARGUMENTS.every((attribute) => isUnknown(change, attribute))) return [];
  return [
    {
      guard: 'unknown-role',
      level: 'needs-yes',
      values,
      why: 'which role is given only the apply would tell, so no guard can judge it',
      wayOut: 'write its id out in the config',
    },
  ];
}

function ownerOf(value: Json | undefined): string | undefined {
  if (typeof value !== 'string') return undefined;
  const named = Object.values(OWNERS).find((name) => name.toLowerCase() === value.trim().toLowerCase());
  return named ?? OWNERS[value.split('/').at(-1)?.toLowerCase() ?? ''];
}

/** What Terraform lets go of: Azure keeps it, and nothing looks after it any more. */
export function forgotten(change: ResourceChange): readonly Verdict[] {
  if (!change.actions.includes('forget')) return [];
  return [
    {
      guard: 'forget',
      level: 'needs-yes',
      values: [],
      why: `Terraform forgets the ${kindOf(change.type)} ${nameOf(change)} (${change.address}): Azure keeps it, no plan shows what becomes of it, and a later deploy finds its name taken`,
      wayOut: 'take the removed block away; or allow it, once somebody else looks after it',
    },
  ];
}
