import type { GuardContext, Verdict } from './finding';
import { nameOf } from './finding';
import type { ResourceChange } from './plan-json';

/** A new role whose password nobody gave: what stands in for it is known to nobody. */
export function rolesWithoutPassword(change: ResourceChange, context: GuardContext): readonly Verdict[] {
  const variable = context.missingPasswords.get(change.address);
  if (variable === undefined || !change.actions.includes('create')) return [];
  return [
    {
      guard: 'role-without-password',
      level: 'never',
      values: [],
      why: `the role ${nameOf(change)} is created, and nothing says with which password`,
      wayOut: `put its password into TF_VAR_${variable}, from your vault, and run the same command again`,
    },
  ];
}
