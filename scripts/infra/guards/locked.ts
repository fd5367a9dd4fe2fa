import { MANAGEMENT_LOCK } from '../../audit/stack/azurerm';
import type { Verdict } from './finding';
import { nameOf } from './finding';
import type { ResourceChange, TerraformPlan } from './plan-json';
import { destroys } from './plan-json';

/** What a plan deletes although a lock of the same state forbids it: Azure says so when the apply is half done. */
export function lockedAgainst(change: ResourceChange, plan: TerraformPlan): readonly Verdict[] {
  if (!destroys(change) || change.type === MANAGEMENT_LOCK) return [];
  const id = textOf(change, 'id');
  const lock = plan.unchanged.find(
    (other) => other.type === MANAGEMENT_LOCK && isWithin(id, textOf(other, 'scope')),
  );
  if (lock === undefined) return [];
  return [
    {
      guard: 'locked',
      level: 'never',
      values: [],
      why: `Azure refuses to delete ${nameOf(change)}, as the lock ${nameOf(lock)} stands over it`,
      wayOut: `take the lock off first, with lockAgainstDeletion: false and a deploy that allows remove-lock:${nameOf(lock)}; put it back afterwards`,
    },
  ];
}

function textOf({ before }: ResourceChange, attribute: string): string {
  const value = before?.[attribute];
  return typeof value === 'string' ? value.toLowerCase() : '';
}

function isWithin(id: string, scope: string): boolean {
  return scope !== '' && (id === scope || id.startsWith(`${scope}/`));
}
