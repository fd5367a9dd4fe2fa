import { openings } from './access';
import { clusterUpdates, openFromTheStart } from './cluster-changes';
import { drifts } from './drift';
import type { Finding, GuardContext, Level } from './finding';
import { findingOf } from './finding';
import { losses } from './losses';
import type { TerraformPlan } from './plan-json';

const ORDER: readonly Level[] = ['never', 'needs-yes', 'note'];

/** Everything the guards have to say of a plan, the gravest first. Pure. */
export function guardPlan(plan: TerraformPlan, context: GuardContext): readonly Finding[] {
  const found = [
    ...plan.changes.flatMap((change) =>
      [
        ...clusterUpdates(change),
        ...openFromTheStart(change),
        ...losses(change, plan),
        ...openings(change, context),
      ].map((verdict) => findingOf(change, verdict, context)),
    ),
    ...plan.drift.flatMap((change) =>
      drifts(change, plan).map((verdict) => findingOf(change, verdict, context)),
    ),
  ];
  return found.sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
}
