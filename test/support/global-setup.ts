import type { LaneStatuses } from './lanes';
import { publishLanes } from './lanes';

export default async function globalSetup(): Promise<void> {
  const always = { runs: true, reason: 'needs nothing' };
  const statuses: LaneStatuses = {
    synth: always,
    postgres: always,
    citus: { runs: process.env['SCALEOUT_TEST_CLUSTER'] !== undefined, reason: 'SCALEOUT_TEST_CLUSTER' },
    terraform: always,
  };
  publishLanes(statuses);
}
