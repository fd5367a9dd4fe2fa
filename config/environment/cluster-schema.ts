import type { z } from 'zod';
import { reasonText } from '../azure/reason';
import { clusterId, location } from '../azure/resource-names';
import type { RegularEdition } from '../azure/service-limits';
import {
  availabilityZone,
  clusterName,
  maintenanceWindow,
  pointInTime,
  postgresVersion,
  regularEdition,
} from '../azure/service-limits';
import { choice, flag, int, strictShape, text } from '../file/schema-types';

export const STAGES = ['single-node', 'scaled-out'] as const;

/** Where a cluster stands: one node, or a coordinator with workers. There is no way back to one node. */
export type Stage = (typeof STAGES)[number];

const vCores = int('a whole number of vCores').describe('vCores of the node.');
const storageGiB = int('a whole number of GiB').describe('Storage of the node in GiB. It can only grow.');

const edition = (usual: RegularEdition): z.ZodExactOptional<typeof regularEdition> =>
  regularEdition
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
const sourceClusterId = clusterId.describe('Resource id of the cluster the data comes from.');
const sourceLocation = location.describe('Region of that cluster, as in westus2.');

/** One of the three, which a rule asks for: a union would tell one issue where there are several. */
export const origin = strictShape(
  {
    pointInTime: strictShape(
      {
        sourceClusterId,
        sourceLocation,
        pointInTimeUtc: pointInTime.describe('The moment to restore, in UTC: at most 35 days back.'),
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
    adopt: clusterId
      .optional()
      .describe(
        'Resource id of the cluster, which is there already. Its passwords stay what they are; `npx scaleout adopt` writes the file.',
      ),
    imported: flag()
      .optional()
      .describe(
        'With adopt: whether the first deploy is done. From then on nothing is imported any more, and rules, roles, parameters, tags and whatever else can be added.',
      ),
  },
  'adopt, pointInTime or replicaOf',
)
  .meta({ oneOf: [{ required: ['adopt'] }, { required: ['pointInTime'] }, { required: ['replicaOf'] }] })
  .describe(
    'What the cluster comes from. Azure refuses clusters that begin empty. Another origin later is another cluster.',
  );

export const allowNew = reasonText.describe(
  'Why this subscription may have a cluster that begins empty, which Azure refuses since 30 March 2026, or that this state holds it already. 20 to 300 characters.',
);

/** What the cluster of either service has. */
export const ofEveryCluster = {
  preferredPrimaryZone: availabilityZone
    .optional()
    .describe('Availability zone of the nodes, in quotes; absent, Azure chooses.'),
  maintenanceWindow: maintenanceWindow
    .describe('When Azure may restart nodes for updates; absent, Azure chooses.')
    .optional(),
  protectFromDestroy: flag()
    .default(true)
    .describe('Whether Terraform refuses every plan that would destroy the cluster.'),
};

export const cluster = strictShape(
  {
    name: clusterName.describe('Unique on all of Azure; another name is another cluster.'),
    postgresVersion,
    citusVersion: text('a version of Citus in quotes, as in "12.1"').describe('Version of Citus, in quotes.'),
    stage,
    coordinator,
    workers: workers.optional(),
    coordinatorHoldsShards: flag().describe(
      'Whether the coordinator stores shards beside the workers. A single node always does.',
    ),
    highAvailability: flag().describe('A standby for every node; doubles the cost of the nodes.'),
    ...ofEveryCluster,
    lockAgainstDeletion: flag()
      .default(false)
      .describe(
        'A CanNotDelete lock on the cluster, against the portal and the CLI. While it stands, no role or firewall rule of the cluster can be deleted either.',
      ),
    origin: origin.optional(),
    allowNew: allowNew.optional(),
  },
  'the cluster: name, versions, stage, sizes',
);
