import { isDeepStrictEqual } from 'node:util';
import type { Distribution } from '../../../config/workload/distribution-types';
import type { LiveDatabase } from '../../../scripts/database/model/live';
import { planTables } from '../../../scripts/tables/plan/plan';
import type { TablesStep } from '../../../scripts/database/model/step';
import { sealPlan } from '../../../scripts/tables/review/plan-file';
import { requireNothingBeyond, requireReviewed } from '../../../scripts/tables/review/reviewed';
import { sealedOf } from './catalog';
import { perform } from './model';

/** Carries a plan through as `apply` does, held against the plan as it was reviewed at every step. */
export function carryOut(expected: Distribution, start: LiveDatabase): LiveDatabase {
  const reviewed = sealPlan(planTables(expected, start), expected, start, sealedOf);
  let live = start;
  for (let ran = 0; ran < 100; ran += 1) {
    const plan = planTables(expected, live);
    const { steps } = requireReviewed(reviewed, plan, live, live !== start);
    const beyond = requireNothingBeyond(reviewed, plan, 'nothing').steps;
    // Many thousands of times in a property, so jest is asked only where it has something to say.
    if (!isDeepStrictEqual(beyond, steps)) expect(beyond).toEqual(steps);
    const ids = new Set(steps.map(({ id }) => id));
    if (ids.size !== steps.length) throw new Error(`two steps of one name among ${[...ids].join(', ')}`);
    const step: TablesStep | undefined = steps[0];
    if (step === undefined) return live;
    live = perform(expected, live, step);
  }
  throw new Error('does not come to an end');
}
