import { openings } from './access';
import { changesOfAdoption, isAdoption } from './adoption';
import { clusterUpdates, openFromTheStart, unknownToTheState } from './cluster-changes';
import { drifts } from './drift';
import { elasticVerdicts } from './elastic-cluster';
import type { Finding, GuardContext, Level } from './finding';
import { findingOf } from './finding';
import { lockedAgainst } from './locked';
import { losses } from './losses';
import { openedStores } from './opened';
import { rolesWithoutPassword } from './new-roles';
import type { ResourceChange, TerraformPlan } from './plan-json';
import { changesNothing } from './plan-json';
import { leavesProduction } from './production';
import { assignedOwners, forgotten } from './rights';
import { watchLosses } from './watching';

const ORDER: readonly Level[] = ['never', 'needs-yes', 'note'];

/** Everything the guards have to say of a plan, the gravest first. Pure. */
export function guardPlan(plan: TerraformPlan, context: GuardContext): readonly Finding[] {
  // What cannot be done while a cluster is taken over needs no other reason not to be done.
  const guards = isAdoption(plan, context)
    ? (change: ResourceChange) =>
        changesNothing(change) ? openings(change, context) : changesOfAdoption(change)
    : (change: ResourceChange) => [
        ...leavesProduction(change),
        ...clusterUpdates(change),
        ...openFromTheStart(change),
        ...unknownToTheState(change, context),
        ...elasticVerdicts(change, plan),
        ...losses(change, plan),
        ...watchLosses(change, plan),
        ...openedStores(change),
        ...assignedOwners(change),
        ...forgotten(change),
        ...lockedAgainst(change, plan),
        ...rolesWithoutPassword(change, context),
        ...openings(change, context),
      ];
  const found = [
    ...plan.changes.flatMap((change) => guards(change).map((verdict) => findingOf(change, verdict, context))),
    ...plan.drift.flatMap((change) =>
      drifts(change, plan).map((verdict) => findingOf(change, verdict, context)),
    ),
  ];
  return found.sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
}
