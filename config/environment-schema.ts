import { z } from 'zod';
import { DAYS_OF_WEEK, POSTGRES_VERSIONS } from './service-limits';
import { SUBNET_ID } from './subnet-id';
import { oneOf } from './wording';
import { strictShape } from './yaml';

export const STAGES = ['single-node', 'scaled-out'] as const;

/** Where a cluster stands: one node, or a coordinator with workers. There is no way back to one node. */
export type Stage = (typeof STAGES)[number];

/** Tags that the code sets and a file therefore cannot. Azure compares tag names without regard to case. */
export const RESERVED_TAGS = ['environment', 'managedBy', 'production', 'workload'] as const;

const text = (what: string): z.ZodString => z.string({ error: what }).min(1, { error: what });
const matching = (pattern: RegExp, what: string): z.ZodString => text(what).regex(pattern, { error: what });
const whole = (what: string): z.ZodInt => z.int({ error: what });
const upTo = (most: number): z.ZodInt => {
  const error = `a whole number from 0 to ${most}`;
  return z.int({ error }).min(0, { error }).max(most, { error });
};
const flag = (): z.ZodBoolean => z.boolean({ error: 'true or false' });
const choice = <const T extends readonly string[]>(values: T): z.ZodEnum<{ [K in T[number]]: K }> =>
  z.enum(values, { error: oneOf(values) });

const vCores = whole('a whole number of vCores').describe('vCores of the node.');
const storageGiB = whole('a whole number of GiB').describe('Storage of the node in GiB. It can only grow.');

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
  },
  'the size of the coordinator, as in { vCores: 4, storageGiB: 512 }',
).describe('The coordinator; it is the only node of a single-node cluster.');
export const workers = strictShape(
  { count: whole('a whole number of workers').describe('2 to 20. It can only grow.'), vCores, storageGiB },
  'the workers, as in { count: 2, vCores: 4, storageGiB: 512 }',
).describe(
  'The workers. They take effect once the stage is scaled-out; absent, scaling out is not foreseen.',
);
const maintenanceWindow = strictShape(
  {
    day: choice(DAYS_OF_WEEK).describe('Day of the week.'),
    startHour: upTo(23).describe('0 to 23, in the time zone of the region.'),
    startMinute: upTo(59).describe('0 to 59.'),
  },
  'a day and time, as in { day: sunday, startHour: 3, startMinute: 0 }',
).describe('When Azure may restart nodes for updates; absent, Azure chooses.');

const cluster = strictShape(
  {
    name: text('the name of the cluster').describe(
      'Unique on all of Azure; another name is another cluster.',
    ),
    postgresVersion: whole('a major version of PostgreSQL, as in 16').meta({
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
    maintenanceWindow: maintenanceWindow.optional(),
    protectFromDestroy: flag()
      .default(true)
      .describe('Whether Terraform refuses every plan that would destroy the cluster.'),
  },
  'the cluster: name, versions, stage, sizes',
);

const firewallRule = strictShape(
  {
    name: text('the name of the rule').describe('Stable: another name is another rule.'),
    from: text('an IPv4 address, as in 203.0.113.8').describe('First public IPv4 address.'),
    to: text('an IPv4 address, as in 203.0.113.15').describe('Last public IPv4 address.'),
  },
  'a range of addresses, as in { name: office, from: 203.0.113.8, to: 203.0.113.15 }',
);
export const allow = z
  .array(firewallRule, {
    error: 'a list of ranges, as in [{ name: office, from: 203.0.113.8, to: 203.0.113.15 }]',
  })
  .describe('Who may connect, at most 10 ranges, 256 addresses in all.');

const subnetId = matching(
  SUBNET_ID,
  'the resource id of a subnet: /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NETWORK/subnets/SUBNET',
).describe('Resource id of the subnet that gets the private endpoint.');

const network = z
  .discriminatedUnion(
    'access',
    [
      strictShape({ access: z.literal('firewall'), allow }, 'how the database is reached'),
      strictShape({ access: z.literal('private'), subnetId }, 'how the database is reached'),
    ],
    { error: 'firewall or private' },
  )
  .describe(
    'How the database is reached: from listed public addresses, or through a private endpoint alone.',
  );

const AZURE_GROUP = /^[\w().-]*[\w()-]$/;
const resourceGroup = matching(
  AZURE_GROUP,
  'the name of a resource group: letters, digits, _, -, ( ), and dots except at the end',
).max(90, { error: 'the name of a resource group, at most 90 characters' });

const state = z
  .discriminatedUnion(
    'backend',
    [
      strictShape(
        {
          backend: z.literal('azurerm'),
          resourceGroup: resourceGroup.describe('Resource group of the storage account.'),
          storageAccount: matching(
            /^[a-z0-9]{3,24}$/,
            'the name of a storage account: 3 to 24 small letters and digits',
          ).describe('Storage account that keeps the state.'),
          container: matching(
            /^[a-z0-9](?:-?[a-z0-9]){2,62}$/,
            'the name of a container: 3 to 63 small letters, digits and single hyphens',
          ).describe('Container in the storage account.'),
          key: matching(/^[\w-][\w./-]*$/, 'the name of a blob, as in scaleout/dev.tfstate').describe(
            'Blob in the container; no two environments share one.',
          ),
        },
        'where Terraform keeps its state',
      ),
      strictShape({ backend: z.literal('local') }, 'where Terraform keeps its state'),
    ],
    { error: 'azurerm or local' },
  )
  .describe(
    'Where Terraform keeps its state: in Azure Storage, or (local) under .scaleout/ of this directory.',
  );

const tagValue = text('text of 1 to 256 characters').max(256, { error: 'text of 1 to 256 characters' });
const tags = z
  .object(
    {
      owner: tagValue.describe('Who answers for it.'),
      costCentre: tagValue.describe('Who pays for it.'),
    },
    { error: 'the tags, at least owner and costCentre' },
  )
  .catchall(tagValue)
  .describe(`Tags of every resource. ${RESERVED_TAGS.join(', ')} are added and cannot be set.`);

/** `environments/<name>.yaml` as written; {@link parseEnvironment} adds the rules that no schema can say. */
export const environmentSchema = strictShape(
  {
    name: matching(
      /^[a-z][a-z0-9-]*$/,
      'a name of small letters, digits and hyphens, starting with a letter',
    ).describe('Name of the environment, and of its file.'),
    location: matching(/^[a-z][a-z0-9]*$/, "a region as Azure's tools write it, as in westus2").describe(
      'Region, as in westus2.',
    ),
    resourceGroup: resourceGroup.describe('Resource group that is created for the cluster.'),
    workload: text('the name of a workload').describe('What the database is for: a directory of workloads/.'),
    production: z
      .boolean({ error: 'true or false, whether this is production' })
      .describe(
        'Whether the audit holds it to the rules of production. Said here, and never guessed from a name.',
      ),
    cluster,
    network,
    state,
    tags,
  },
  'the settings of an environment',
);

/** One environment: what its file says, defaults filled in, every rule of the service kept. */
export type EnvironmentSettings = z.output<typeof environmentSchema>;
export type ClusterSettings = EnvironmentSettings['cluster'];
