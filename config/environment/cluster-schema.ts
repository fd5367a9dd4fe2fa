import { z } from 'zod';
import { choice, flag, int, intBetween, matching, text } from '../file/schema-types';
import { CLUSTER_ID } from '../azure/azure-names';
import { location } from '../azure/schema-types';
import type { RegularEdition } from '../azure/service-limits';
import {
  AVAILABILITY_ZONES,
  DAYS_OF_WEEK,
  POSTGRES_VERSIONS,
  REGULAR_EDITIONS,
} from '../azure/service-limits';
import { UTC_SECOND } from '../azure/support-limits';
import { oneOf, show } from '../text/text';
import { strictShape } from '../file/yaml';

export const STAGES = ['single-node', 'scaled-out'] as const;

/** Where a cluster stands: one node, or a coordinator with workers. There is no way back to one node. */
export type Stage = (typeof STAGES)[number];

const vCores = int('a whole number of vCores').describe('vCores of the node.');
const storageGiB = int('a whole number of GiB').describe('Storage of the node in GiB. It can only grow.');

const edition = (
  usual: RegularEdition,
): z.ZodExactOptional<ReturnType<typeof choice<typeof REGULAR_EDITIONS>>> =>
  choice(REGULAR_EDITIONS)
    .exactOptional()
    .describe(`GeneralPurpose has 4 GiB of memory for each vCore, MemoryOptimized 8 GiB. Absent, ${usual}.`);

export const stage = choice(STAGES).describe(
  'single-node, or scaled-out once the cluster has its workers. There is no way back.',
);
export const coordinator = strictShape(
  {
    vCores,
    storageGiB,
    burstable: flag()
      .default(false)
      .describe('Shared vCores with credits, for trying things out; cannot have workers.'),
    edition: edition('GeneralPurpose'),
  },
  'the size of the coordinator, as in { vCores: 4, storageGiB: 512 }',
).describe('The coordinator; it is the only node of a single-node cluster.');
export const workers = strictShape(
  {
    count: int('a whole number of workers').describe('2 to 20. It can only grow.'),
    vCores,
    storageGiB,
    edition: edition('MemoryOptimized'),
  },
  'the workers, as in { count: 2, vCores: 4, storageGiB: 512 }',
).describe(
  'The workers. They take effect once the stage is scaled-out; absent, scaling out is not foreseen.',
);
const maintenanceWindow = strictShape(
  {
    day: choice(DAYS_OF_WEEK).describe('Day of the week.'),
    startHour: intBetween(0, 23).describe('0 to 23, in the time zone of the region.'),
    startMinute: intBetween(0, 59).describe('0 to 59.'),
  },
  'a day and time, as in { day: sunday, startHour: 3, startMinute: 0 }',
).describe('When Azure may restart nodes for updates; absent, Azure chooses.');

const sourceClusterId = matching(
  CLUSTER_ID,
  'the resource id of a cluster: /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/NAME',
).describe('Resource id of the cluster the data comes from.');
const sourceLocation = location.describe('Region of that cluster, as in westus2.');

/** One of the two, which {@link originViolations} asks for: a union would tell one issue where there are several. */
export const origin = strictShape(
  {
    pointInTime: strictShape(
      {
        sourceClusterId,
        sourceLocation,
        pointInTimeUtc: matching(UTC_SECOND, "a moment in UTC, as in '2026-03-01T04:05:06Z'").describe(
          'The moment to restore, in UTC: at most 35 days back.',
        ),
      },
      'a cluster and a moment: { sourceClusterId, sourceLocation, pointInTimeUtc }',
    )
      .optional()
      .describe('Restored from the backups of a cluster that still exists.'),
    replicaOf: strictShape(
      {
        sourceClusterId,
        sourceLocation,
        promoted: flag()
          .default(false)
          .describe(
            'Whether the replica has been promoted since. Its origin stays here, as without it Terraform would replace it.',
          ),
      },
      'a cluster: { sourceClusterId, sourceLocation }',
    )
      .optional()
      .describe('A read replica of a cluster.'),
  },
  'pointInTime or replicaOf',
)
  .meta({ oneOf: [{ required: ['pointInTime'] }, { required: ['replicaOf'] }] })
  .describe(
    'What the cluster is created from; absent, it begins empty. Another origin later is another cluster.',
  );

export const cluster = strictShape(
  {
    name: text('the name of the cluster').describe(
      'Unique on all of Azure; another name is another cluster.',
    ),
    postgresVersion: int('a major version of PostgreSQL, as in 16').meta({
      description: 'Major version of PostgreSQL.',
      enum: POSTGRES_VERSIONS.map((version) => version.postgres),
    }),
    citusVersion: text('a version of Citus in quotes, as in "12.1"').describe('Version of Citus, in quotes.'),
    stage,
    coordinator,
    workers: workers.optional(),
    coordinatorHoldsShards: flag().describe(
      'Whether the coordinator stores shards beside the workers. A single node always does.',
    ),
    highAvailability: flag().describe('A standby for every node; doubles the cost of the nodes.'),
    preferredPrimaryZone: z
      .enum(AVAILABILITY_ZONES, {
        error: `${oneOf(AVAILABILITY_ZONES.map((zone) => show(zone)))}, in quotes`,
      })
      .optional()
      .describe('Availability zone of the nodes, in quotes; absent, Azure chooses.'),
    maintenanceWindow: maintenanceWindow.optional(),
    protectFromDestroy: flag()
      .default(true)
      .describe('Whether Terraform refuses every plan that would destroy the cluster.'),
    lockAgainstDeletion: flag()
      .default(false)
      .describe(
        'A CanNotDelete lock on the cluster, against the portal and the CLI. While it stands, no role or firewall rule of the cluster can be deleted either.',
      ),
    origin: origin.optional(),
  },
  'the cluster: name, versions, stage, sizes',
);
