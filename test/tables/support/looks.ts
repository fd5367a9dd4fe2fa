import type { LiveDatabase } from '../../../scripts/database/model/live';
import type { TablesPlan } from '../../../scripts/tables/plan/plan-document';

/** What a run saw and planned, each time that it looked. */
export interface Look {
  readonly live: LiveDatabase;
  readonly plan: TablesPlan;
}

/** Filled where a test file puts one that notes what it is asked in the place of `planTables`, as nobody else sees a run between two steps. */
export const looks: Look[] = [];
