import { App, ref, TerraformStack, Token } from 'cdktf';
import { ClusterOrigin } from '../../constructs/cluster-origin';
import { ClusterTopology } from '../../constructs/cluster-topology';
import { DatabaseRoles } from '../../constructs/database-roles';
import { DistributedPostgresCluster } from '../../constructs/distributed-postgres-cluster';
import { FirewallAccess } from '../../constructs/firewall-access';
import { PrivateAccess } from '../../constructs/private-access';
import { ServerParameters } from '../../constructs/server-parameters';
import { laneSuite } from '../support/lanes';

/** Props beside the valid ones. */
type Props = Readonly<Record<string, unknown>>;

/** A wrong input: what it is, the props that differ from valid ones, and all that is said about it. */
type Wrong = readonly [what: string, props: Props, message: string];

const subscription = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers';
const clusterId = `${subscription}/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi`;
const networkId = `${subscription}/Microsoft.Network/virtualNetworks/vnet`;
const subnetId = `${networkId}/subnets/data`;
const password = Token.asString(ref('var.password'));

const node = { vCores: 4, storageGiB: 512, burstable: false };
const workers = { count: 2, vCores: 4, storageGiB: 512 };
const window = { day: 'sunday', startHour: 3, startMinute: 0 };
const office = { name: 'office', from: '203.0.113.8', to: '203.0.113.15' };
const allowAzureServices = { reason: 'the nightly export of Data Factory, until it has a private endpoint' };

const source = { sourceClusterId: clusterId, sourceLocation: 'westus2' };
const moment = { ...source, pointInTimeUtc: '2026-01-31T12:00:00Z' };
const replica = ClusterOrigin.replica(source);
const restore = ClusterOrigin.pointInTime(moment);
const burstable = ClusterTopology.singleNode({ coordinator: { vCores: 1, storageGiB: 32, burstable: true } });

/** How each subject is made; what it is given takes the place of props that are valid. */
const make = {
  cluster: (props: Props) =>
    new DistributedPostgresCluster(stack(), 'Cluster', {
      clusterName: 'wwi-sensors',
      location: 'westus2',
      resourceGroupName: 'rg',
      topology: ClusterTopology.multiNode({ coordinator: node, workers, coordinatorHoldsShards: true }),
      postgresVersion: 16,
      citusVersion: '12.1',
      administratorPassword: password,
      ...props,
    }),
  singleNode: (props: Props) => ClusterTopology.singleNode({ coordinator: node, ...props }),
  multiNode: (props: Props) =>
    ClusterTopology.multiNode({ coordinator: node, workers, coordinatorHoldsShards: true, ...props }),
  replica: (props: Props) => ClusterOrigin.replica({ ...source, ...props }),
  pointInTime: (props: Props) => ClusterOrigin.pointInTime({ ...moment, ...props }),
  firewall: (props: Props) =>
    new FirewallAccess(stack(), 'Firewall', { clusterId, rules: [office], ...props }),
  roles: (props: Props) =>
    new DatabaseRoles(stack(), 'Roles', { clusterId, roles: [{ name: 'reporting', password }], ...props }),
  parameters: (props: Props) => new ServerParameters(stack(), 'Parameters', { clusterId, ...props }),
  private: (props: Props) =>
    new PrivateAccess(stack(), 'Private', {
      clusterId,
      clusterName: 'wwi-sensors',
      location: 'westus2',
      resourceGroupName: 'rg',
      subnetId,
      virtualNetworkId: networkId,
      ...props,
    }),
};

function stack(): TerraformStack {
  return new TerraformStack(new App({ stackTraces: false }), 'stack');
}

// What is said of more than one wrong input.
const CLUSTER_NAME =
  'it must be the name of a cluster: 3 to 40 lowercase letters, digits and hyphens, not digits alone, with no hyphen at either end; no other cluster on Azure may have it';
const GROUP =
  'it must be the name of a resource group: 1 to 90 letters, digits, _, -, ( ), and dots except at the end';
const REGION = "it must be a region as Azure's tools write it, as in westus2";
const VERSIONS = 'choose 15 or 16';
const MAJOR = 'it must be a major version of PostgreSQL, as in 16';
const SUBNET =
  'it must be the resource id of a subnet: /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NETWORK/subnets/SUBNET';
const CITUS = 'PostgreSQL 16 comes with Citus "12.1"';
const REASON =
  'it must be one line of 20 to 300 characters for the auditor: who needs it, why, and until when';
const DAYS = 'it must be sunday, monday, tuesday, wednesday, thursday, friday or saturday';
const MINUTES = 'it must be a whole number from 1 to 1440';
const SINGLE_VCORES = 'a single node has 2, 4, 8, 16, 32 or 64 vCores';
const SINGLE_STORAGE = 'a single node has 128, 256, 512, 1024 or 2048 GiB of storage';
const WORKER_COUNT = 'a cluster has no worker or 2 to 20 of them, never one';
const WORKER_STORAGE = 'a worker has 512, 1024, 2048, 4096, 8192 or 16384 GiB of storage';
const CLUSTER_ID =
  'it must be the resource id of a cluster, with these capitals: /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/NAME';
const UTC = 'it must be a moment in UTC, to the second, as in 2026-01-31T12:00:00Z';
const RULE_NAME =
  "a rule's name has two characters or more, letters, digits, _, . and -, and starts with a letter or digit";
const ROLE_NAME = 'it must be the name of a role: 1 to 63 lowercase letters and digits, and nothing else';
const PRIVATE_ADDRESS =
  'an address that never reaches a public endpoint: write the public address the network goes out with, or use private access';
const ALL_OF_AZURE = 'which opens the database to every tenant of Azure: name the addresses that may connect';
const OFFERED = 'choose one of config/azure/server-parameter-list.json, or add to it what Azure lists';
const KB = 'it must be a whole number of kB from 64 to 2147483647, as text without a unit';
const MS = 'it must be a whole number of ms from 0 to 2147483647, as text without a unit';

/** By subject: around what each message stands, and the inputs. */
const subjects: Readonly<
  Record<keyof typeof make, { before: string; after: string; inputs: readonly Wrong[] }>
> = {
  cluster: {
    before: '',
    after: ' [stack/Cluster]',
    inputs: [
      ['a name with capitals', { clusterName: 'WWI' }, `clusterName is "WWI": ${CLUSTER_NAME}`],
      ['an empty name', { clusterName: '' }, `clusterName is "": ${CLUSTER_NAME}`],
      ['a name that starts with a hyphen', { clusterName: '-wwi' }, `clusterName is "-wwi": ${CLUSTER_NAME}`],
      ['a name that ends with a hyphen', { clusterName: 'wwi-' }, `clusterName is "wwi-": ${CLUSTER_NAME}`],
      [
        'a name with an underscore',
        { clusterName: 'wwi_sensors' },
        `clusterName is "wwi_sensors": ${CLUSTER_NAME}`,
      ],
      [
        'a name of 41 characters',
        { clusterName: 'w'.repeat(41) },
        `clusterName is "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww": ${CLUSTER_NAME}`,
      ],
      [
        'a region as the portal shows it',
        { location: 'West US 2' },
        `location is "West US 2": ${REGION} (did you mean "westus2"?)`,
      ],
      ['an empty region', { location: '' }, `location is "": ${REGION}`],
      [
        'a resource group that ends with a dot',
        { resourceGroupName: 'rg.' },
        `resourceGroupName is "rg.": ${GROUP}`,
      ],
      ['an empty resource group', { resourceGroupName: '' }, `resourceGroupName is "": ${GROUP}`],
      [
        'a resource group with a slash',
        { resourceGroupName: 'rg/wwi' },
        `resourceGroupName is "rg/wwi": ${GROUP}`,
      ],
      [
        'a resource group of 91 characters',
        { resourceGroupName: 'g'.repeat(91) },
        `resourceGroupName is "gggggggggggggggggggggggggggggggggggggggggggggggggggggggg...: ${GROUP}`,
      ],
      [
        'a retired PostgreSQL',
        { postgresVersion: 13 },
        `postgresVersion is 13, which Azure retired on 2025-11-13: ${VERSIONS}`,
      ],
      ['a PostgreSQL that is not there yet', { postgresVersion: 17 }, `postgresVersion is 17: ${VERSIONS}`],
      ['a minor version', { postgresVersion: 16.4 }, `postgresVersion is 16.4: ${MAJOR}`],
      ['a version that is no number', { postgresVersion: Number.NaN }, `postgresVersion is NaN: ${MAJOR}`],
      [
        'another Citus than goes with PostgreSQL',
        { citusVersion: '11.3' },
        `citusVersion is "11.3": ${CITUS}`,
      ],
      [
        'a Citus that the provider does not know',
        { citusVersion: '12.0' },
        `citusVersion is "12.0": ${CITUS}`,
      ],
      [
        'a password in plain text',
        { administratorPassword: 'Hunter2Hunter2' },
        'administratorPassword is a literal, which would end up in the synthesized file: pass a reference, such as that of AdminPassword',
      ],
      [
        'an empty password',
        { administratorPassword: '' },
        'administratorPassword is missing: pass a reference, such as that of AdminPassword',
      ],
      [
        'no password for a new cluster',
        { administratorPassword: undefined },
        'administratorPassword is missing: pass a reference, such as that of AdminPassword',
      ],
      [
        'a password for a replica',
        { origin: replica },
        "administratorPassword is set, and a replica signs in with its source's: remove it",
      ],
      [
        'a password in plain text for a restore',
        { origin: restore, administratorPassword: 'Hunter2Hunter2' },
        'administratorPassword is a literal, which would end up in the synthesized file: pass a reference, such as that of AdminPassword',
      ],
      [
        'a standby for a replica',
        { origin: replica, administratorPassword: undefined, highAvailability: true },
        'highAvailability is true, and a replica cannot have a standby: set it to false',
      ],
      [
        'a standby for a burstable node',
        { topology: burstable, highAvailability: true },
        'highAvailability is true, and a burstable node cannot have a standby: set it to false, or use a regular node',
      ],
      [
        'public access of workers for an empty reason',
        { workerPublicAccess: { reason: '' } },
        `workerPublicAccess.reason is "": ${REASON}`,
      ],
      [
        'public access of workers for a short reason',
        { workerPublicAccess: { reason: 'debugging' } },
        `workerPublicAccess.reason is "debugging", 9 characters long: ${REASON}`,
      ],
      [
        'public access of workers for a reason made of spaces',
        { workerPublicAccess: { reason: ' '.repeat(40) } },
        `workerPublicAccess.reason is "                                        ", 0 characters long: ${REASON}`,
      ],
      [
        'public access of workers for a reason of two lines',
        { workerPublicAccess: { reason: 'for the load test\nof next week' } },
        `workerPublicAccess.reason is "for the load test\\nof next week": ${REASON}`,
      ],
      [
        'public access of workers for an endless reason',
        { workerPublicAccess: { reason: 'because '.repeat(60) } },
        `workerPublicAccess.reason is "because because because because because because because ..., 479 characters long: ${REASON}`,
      ],
      [
        'a zone that no region has',
        { preferredPrimaryZone: '4' },
        'preferredPrimaryZone is "4": it must be "1", "2" or "3", in quotes',
      ],
      [
        'an empty zone',
        { preferredPrimaryZone: '' },
        'preferredPrimaryZone is "": it must be "1", "2" or "3", in quotes',
      ],
      [
        'a day that is none',
        { maintenanceWindow: { ...window, day: 'caturday' } },
        `maintenanceWindow.day is "caturday": ${DAYS}`,
      ],
      [
        'a day with a capital',
        { maintenanceWindow: { ...window, day: 'Sunday' } },
        `maintenanceWindow.day is "Sunday": ${DAYS}`,
      ],
      [
        'hour 24',
        { maintenanceWindow: { ...window, startHour: 24 } },
        'maintenanceWindow.startHour is 24: it must be a whole number from 0 to 23',
      ],
      [
        'a negative hour',
        { maintenanceWindow: { ...window, startHour: -1 } },
        'maintenanceWindow.startHour is -1: it must be a whole number from 0 to 23',
      ],
      [
        'half an hour as an hour',
        { maintenanceWindow: { ...window, startHour: 3.5 } },
        'maintenanceWindow.startHour is 3.5: it must be a whole number from 0 to 23',
      ],
      [
        'an hour that is no number',
        { maintenanceWindow: { ...window, startHour: Number.NaN } },
        'maintenanceWindow.startHour is NaN: it must be a whole number from 0 to 23',
      ],
      [
        'minute 60',
        { maintenanceWindow: { ...window, startMinute: 60 } },
        'maintenanceWindow.startMinute is 60: it must be a whole number from 0 to 59',
      ],
      [
        'a tag whose name has a slash',
        { tags: { 'cost/centre': 'cc-1' } },
        'tags.cost/centre is no name of a tag: it has 1 to 512 characters and none of < > % & \\ ? /',
      ],
      [
        'a tag without a name',
        { tags: { '': 'cc-1' } },
        'tags."" is no name of a tag: it has 1 to 512 characters and none of < > % & \\ ? /',
      ],
      [
        'a tag whose name is too long',
        { tags: { ['t'.repeat(513)]: 'x' } },
        'tags."tttttttttttttttttttttttttttttttttttttttttttttttttttttttt... is no name of a tag: it has 1 to 512 characters and none of < > % & \\ ? /',
      ],
      [
        'a tag that is too long',
        { tags: { owner: 'o'.repeat(257) } },
        'tags.owner is "oooooooooooooooooooooooooooooooooooooooooooooooooooooooo...: it must be text of at most 256 characters',
      ],
      [
        'the same tag in capitals',
        { tags: { owner: 'a', Owner: 'b' } },
        'tags.Owner is "owner" again to Azure, which does not tell capitals from lowercase letters in tag names: remove one',
      ],
      [
        '51 tags',
        { tags: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`t${index}`, 'x'])) },
        'tags has 51 tags, and 50 is the most a resource can have: remove some',
      ],
      ['a timeout of no time', { timeouts: { createMinutes: 0 } }, `timeouts.createMinutes is 0: ${MINUTES}`],
      ['a negative timeout', { timeouts: { deleteMinutes: -5 } }, `timeouts.deleteMinutes is -5: ${MINUTES}`],
      [
        'a timeout of half a minute',
        { timeouts: { updateMinutes: 0.5 } },
        `timeouts.updateMinutes is 0.5: ${MINUTES}`,
      ],
      [
        'a timeout of more than a day',
        { timeouts: { createMinutes: 1441 } },
        `timeouts.createMinutes is 1441: ${MINUTES}`,
      ],
      [
        'a timeout that is no number',
        { timeouts: { readMinutes: Number.NaN } },
        `timeouts.readMinutes is NaN: ${MINUTES}`,
      ],
      [
        'an endless timeout',
        { timeouts: { createMinutes: Infinity } },
        `timeouts.createMinutes is Infinity: ${MINUTES}`,
      ],
      [
        "a timeout in Terraform's words",
        { timeouts: { create: '3h' } },
        'timeouts.create unknown key: the keys here are createMinutes, readMinutes, updateMinutes and deleteMinutes',
      ],
      [
        'everything at once',
        { clusterName: 'W', location: '', postgresVersion: 12 },
        `clusterName is "W": ${CLUSTER_NAME}; location is "": ${REGION}; postgresVersion is 12, which Azure retired on 2024-11-21: ${VERSIONS}`,
      ],
    ],
  },
  singleNode: {
    before: 'not a topology of a cluster: ',
    after: '',
    inputs: [
      ['3 vCores', { coordinator: { ...node, vCores: 3 } }, `coordinator.vCores is 3: ${SINGLE_VCORES}`],
      ['no vCores', { coordinator: { ...node, vCores: 0 } }, `coordinator.vCores is 0: ${SINGLE_VCORES}`],
      [
        'negative vCores',
        { coordinator: { ...node, vCores: -4 } },
        `coordinator.vCores is -4: ${SINGLE_VCORES}`,
      ],
      [
        'vCores that are no number',
        { coordinator: { ...node, vCores: Number.NaN } },
        `coordinator.vCores is NaN: ${SINGLE_VCORES}`,
      ],
      [
        'a fraction of a vCore',
        { coordinator: { ...node, vCores: 4.5 } },
        `coordinator.vCores is 4.5: ${SINGLE_VCORES}`,
      ],
      [
        'more vCores than one node has',
        { coordinator: { ...node, vCores: 96 } },
        `coordinator.vCores is 96: ${SINGLE_VCORES}`,
      ],
      [
        'storage between two sizes',
        { coordinator: { ...node, storageGiB: 500 } },
        `coordinator.storageGiB is 500: ${SINGLE_STORAGE}`,
      ],
      [
        'storage in MiB',
        { coordinator: { ...node, storageGiB: 524288 } },
        `coordinator.storageGiB is 524288: ${SINGLE_STORAGE}`,
      ],
      [
        'the storage of a burstable node',
        { coordinator: { ...node, storageGiB: 32 } },
        `coordinator.storageGiB is 32: ${SINGLE_STORAGE}`,
      ],
      [
        'more storage than one node has',
        { coordinator: { ...node, storageGiB: 4096 } },
        `coordinator.storageGiB is 4096: ${SINGLE_STORAGE}`,
      ],
      [
        'endless storage',
        { coordinator: { ...node, storageGiB: Infinity } },
        `coordinator.storageGiB is Infinity: ${SINGLE_STORAGE}`,
      ],
      [
        'much storage beside few vCores',
        { coordinator: { ...node, storageGiB: 1024 } },
        'coordinator.storageGiB is 1024 beside 4 vCores: a single node with more than 512 GiB has 8 vCores or more',
      ],
      [
        '4 vCores of a burstable node',
        { coordinator: { vCores: 4, storageGiB: 32, burstable: true } },
        'coordinator.vCores is 4: a burstable single node has 1 or 2 vCores',
      ],
      [
        'much storage of a burstable node',
        { coordinator: { vCores: 1, storageGiB: 256, burstable: true } },
        'coordinator.storageGiB is 256: a burstable single node has 32, 64 or 128 GiB of storage',
      ],
      [
        'an edition of a burstable node',
        { coordinator: { vCores: 1, storageGiB: 32, burstable: true, edition: 'BurstableGeneralPurpose' } },
        'coordinator.edition is "BurstableGeneralPurpose", and a burstable node has BurstableMemoryOptimized, which follows from its vCores: remove it',
      ],
      [
        '2 vCores where workers are to come',
        { coordinator: { ...node, vCores: 2 }, plannedWorkers: workers },
        'coordinator.vCores is 2: the coordinator of a cluster with workers has 4, 8, 16, 32, 64 or 96 vCores',
      ],
      [
        'a burstable node where workers are to come',
        { coordinator: { vCores: 1, storageGiB: 32, burstable: true }, plannedWorkers: workers },
        'coordinator.burstable is true, and a burstable node cannot have workers: remove it and choose 4 vCores or more, or remove the workers',
      ],
      [
        '21 workers to come',
        { coordinator: node, plannedWorkers: { ...workers, count: 21 } },
        `plannedWorkers.count is 21: ${WORKER_COUNT}`,
      ],
    ],
  },
  multiNode: {
    before: 'not a topology of a cluster: ',
    after: '',
    inputs: [
      ['one worker', { workers: { ...workers, count: 1 } }, `workers.count is 1: ${WORKER_COUNT}`],
      ['no workers', { workers: { ...workers, count: 0 } }, `workers.count is 0: ${WORKER_COUNT}`],
      ['21 workers', { workers: { ...workers, count: 21 } }, `workers.count is 21: ${WORKER_COUNT}`],
      ['negative workers', { workers: { ...workers, count: -2 } }, `workers.count is -2: ${WORKER_COUNT}`],
      [
        'two and a half workers',
        { workers: { ...workers, count: 2.5 } },
        `workers.count is 2.5: ${WORKER_COUNT}`,
      ],
      [
        'workers that are no number',
        { workers: { ...workers, count: Number.NaN } },
        `workers.count is NaN: ${WORKER_COUNT}`,
      ],
      [
        'workers of 2 vCores',
        { workers: { ...workers, vCores: 2 } },
        'workers.vCores is 2: a worker has 4, 8, 16, 32, 64, 96 or 104 vCores',
      ],
      [
        'workers of 256 GiB',
        { workers: { ...workers, storageGiB: 256 } },
        `workers.storageGiB is 256: ${WORKER_STORAGE}`,
      ],
      [
        'workers of 32 TiB',
        { workers: { ...workers, storageGiB: 32768 } },
        `workers.storageGiB is 32768: ${WORKER_STORAGE}`,
      ],
      [
        'a coordinator of 104 vCores',
        { coordinator: { ...node, vCores: 104 } },
        'coordinator.vCores is 104: the coordinator of a cluster with workers has 4, 8, 16, 32, 64 or 96 vCores',
      ],
      [
        'a coordinator of 64 GiB',
        { coordinator: { ...node, storageGiB: 64 } },
        'coordinator.storageGiB is 64: the coordinator of a cluster with workers has 128, 256, 512, 1024, 2048, 4096, 8192 or 16384 GiB of storage',
      ],
      [
        'a burstable coordinator',
        { coordinator: { vCores: 2, storageGiB: 64, burstable: true } },
        'coordinator.burstable is true, and a burstable node cannot have workers: remove it and choose 4 vCores or more, or remove the workers',
      ],
    ],
  },
  replica: {
    before: 'not an origin of a cluster: ',
    after: '',
    inputs: [
      [
        'the name of the source',
        { sourceClusterId: 'wwi-sensors' },
        `sourceClusterId is "wwi-sensors": ${CLUSTER_ID}`,
      ],
      [
        'the id of a flexible server',
        { sourceClusterId: clusterId.replace('serverGroupsv2', 'flexibleServers') },
        `sourceClusterId is "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers/wwi": ${CLUSTER_ID}`,
      ],
      [
        "an id in Azure's other capitals",
        { sourceClusterId: clusterId.replace('resourceGroups', 'resourcegroups') },
        `sourceClusterId is "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi": ${CLUSTER_ID}`,
      ],
      ['no region of the source', { sourceLocation: '' }, `sourceLocation is "": ${REGION}`],
    ],
  },
  pointInTime: {
    before: 'not an origin of a cluster: ',
    after: '',
    inputs: [
      [
        'a moment with an offset',
        { pointInTimeUtc: '2026-01-31T12:00:00+01:00' },
        `pointInTimeUtc is "2026-01-31T12:00:00+01:00": ${UTC}`,
      ],
      [
        'a moment without a zone',
        { pointInTimeUtc: '2026-01-31T12:00:00' },
        `pointInTimeUtc is "2026-01-31T12:00:00": ${UTC}`,
      ],
      ['a day alone', { pointInTimeUtc: '2026-01-31' }, `pointInTimeUtc is "2026-01-31": ${UTC}`],
      [
        'a day that the month does not have',
        { pointInTimeUtc: '2026-02-30T12:00:00Z' },
        `pointInTimeUtc is "2026-02-30T12:00:00Z": ${UTC}`,
      ],
      [
        'an hour that no day has',
        { pointInTimeUtc: '2026-01-31T25:00:00Z' },
        `pointInTimeUtc is "2026-01-31T25:00:00Z": ${UTC}`,
      ],
      ['an empty moment', { pointInTimeUtc: '' }, `pointInTimeUtc is "": ${UTC}`],
    ],
  },
  firewall: {
    before: '',
    after: ' [stack/Firewall]',
    inputs: [
      [
        'no range',
        { rules: [] },
        'rules lists no range, and nobody could connect: add the addresses that may, as in { name: office, from: 203.0.113.8, to: 203.0.113.15 }',
      ],
      [
        '11 ranges',
        { rules: Array.from({ length: 11 }, (_, index) => ({ ...office, name: `office${index}` })) },
        'rules lists 11 ranges, and 10 is the most: merge neighbours, or use private access',
      ],
      [
        '10 ranges beside all of Azure',
        {
          rules: Array.from({ length: 10 }, (_, index) => ({ ...office, name: `office${index}` })),
          allowAzureServices,
        },
        'rules lists 10 ranges, and 9 is the most beside all of Azure: merge neighbours, or use private access',
      ],
      [
        'two ranges of one name',
        { rules: [office, { ...office, name: 'Office' }] },
        'rules.1.name is "Office", the name of an earlier rule: give each its own',
      ],
      [
        'a range with the name of the rule for Azure',
        { rules: [{ ...office, name: 'allow-azure-services' }] },
        'rules.0.name is "allow-azure-services", the name of the rule that lets all of Azure in: choose another',
      ],
      ['a name of one character', { rules: [{ ...office, name: 'o' }] }, `rules.0.name is "o": ${RULE_NAME}`],
      ['an empty rule name', { rules: [{ ...office, name: '' }] }, `rules.0.name is "": ${RULE_NAME}`],
      [
        'a rule name with a space',
        { rules: [{ ...office, name: 'head office' }] },
        `rules.0.name is "head office": ${RULE_NAME}`,
      ],
      [
        'all of Azure as a range',
        { rules: [{ name: 'azure', from: '0.0.0.0', to: '0.0.0.0' }] },
        `rules.0.from is "0.0.0.0", ${ALL_OF_AZURE}; rules.0.to is "0.0.0.0", ${ALL_OF_AZURE}`,
      ],
      [
        'everybody',
        { rules: [{ name: 'all', from: '0.0.0.0', to: '255.255.255.255' }] },
        `rules.0.from is "0.0.0.0", ${ALL_OF_AZURE}; rules.0.to is "255.255.255.255", ${PRIVATE_ADDRESS}; rules.0.to is "255.255.255.255", which makes 4294967296 addresses from "0.0.0.0": 256 is the most, so name the ranges you really use, or use private access`,
      ],
      [
        'more than a /24',
        { rules: [{ ...office, from: '203.0.113.0', to: '203.0.114.0' }] },
        'rules.0.to is "203.0.114.0", which makes 257 addresses from "203.0.113.0": 256 is the most, so name the ranges you really use, or use private access',
      ],
      [
        'a private address',
        { rules: [{ ...office, from: '10.0.0.1', to: '10.0.0.1' }] },
        `rules.0.from is "10.0.0.1", ${PRIVATE_ADDRESS}; rules.0.to is "10.0.0.1", ${PRIVATE_ADDRESS}`,
      ],
      [
        'IPv6',
        { rules: [{ ...office, to: '2001:db8::1' }] },
        'rules.0.to is "2001:db8::1": it must be an IPv4 address, as in 203.0.113.8',
      ],
      [
        'CIDR',
        { rules: [{ ...office, from: '203.0.113.8/29' }] },
        'rules.0.from is "203.0.113.8/29": it must be an IPv4 address, as in 203.0.113.8',
      ],
      [
        'a range the wrong way round',
        { rules: [{ ...office, from: '203.0.113.15', to: '203.0.113.8' }] },
        'rules.0.to is "203.0.113.8", before the start "203.0.113.15": swap the two',
      ],
      [
        'all of Azure for no good reason',
        { allowAzureServices: { reason: 'needed' } },
        `allowAzureServices.reason is "needed", 6 characters long: ${REASON}`,
      ],
      [
        'a rule name that only Terraform knows',
        { rules: [{ ...office, name: Token.asString(ref('var.rule')) }] },
        'rules.0.name is known to Terraform alone: write it out, since addresses follow from it',
      ],
      ['a cluster by name', { clusterId: 'wwi-sensors' }, `clusterId is "wwi-sensors": ${CLUSTER_ID}`],
      [
        'a timeout of a day and a minute',
        { timeouts: { createMinutes: 1441 } },
        `timeouts.createMinutes is 1441: ${MINUTES}`,
      ],
    ],
  },
  roles: {
    before: '',
    after: ' [stack/Roles]',
    inputs: [
      [
        'the administrator',
        { roles: [{ name: 'citus', password }] },
        'roles.0.name is "citus", a role of the service itself: choose another name',
      ],
      [
        'the superuser',
        { roles: [{ name: 'postgres', password }] },
        'roles.0.name is "postgres", a role of the service itself: choose another name',
      ],
      [
        "one of Azure's own",
        { roles: [{ name: 'azuresu', password }] },
        'roles.0.name is "azuresu", a role of the service itself: choose another name',
      ],
      [
        'a reserved word',
        { roles: [{ name: 'user', password }] },
        'roles.0.name is "user", a word that PostgreSQL keeps for itself: choose another name',
      ],
      [
        'everybody',
        { roles: [{ name: 'public', password }] },
        'roles.0.name is "public", a word that PostgreSQL keeps for itself: choose another name',
      ],
      [
        'nobody',
        { roles: [{ name: 'none', password }] },
        'roles.0.name is "none", a word that PostgreSQL keeps for itself: choose another name',
      ],
      [
        'a role with an underscore',
        { roles: [{ name: 'report_reader', password }] },
        `roles.0.name is "report_reader": ${ROLE_NAME}`,
      ],
      [
        'a role with a capital',
        { roles: [{ name: 'Reporting', password }] },
        `roles.0.name is "Reporting": ${ROLE_NAME}`,
      ],
      ['a role without a name', { roles: [{ name: '', password }] }, `roles.0.name is "": ${ROLE_NAME}`],
      [
        'a role of 64 characters',
        { roles: [{ name: 'r'.repeat(64), password }] },
        `roles.0.name is "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr...: ${ROLE_NAME}`,
      ],
      [
        'a role twice',
        {
          roles: [
            { name: 'reporting', password },
            { name: 'reporting', password },
          ],
        },
        'roles.1.name is "reporting", the name of an earlier role: a role has one password, so list it once',
      ],
      [
        'a role that only Terraform knows',
        { roles: [{ name: Token.asString(ref('var.role')), password }] },
        'roles.0.name is known to Terraform alone: write it out, since addresses follow from it',
      ],
      [
        'a password of a role in plain text',
        { roles: [{ name: 'reporting', password: 'Hunter2Hunter2' }] },
        'roles.0.password is a literal, which would end up in the synthesized file: pass a reference, such as that of RolePassword',
      ],
      [
        'no password of a role',
        { roles: [{ name: 'reporting' }] },
        'roles.0.password is missing: pass a reference, such as that of RolePassword',
      ],
      [
        'a timeout for what no role has',
        { timeouts: { updateMinutes: 5 } },
        'timeouts.updateMinutes unknown key (did you mean "createMinutes"?): the keys here are createMinutes, readMinutes and deleteMinutes',
      ],
      ['a cluster that is no id', { clusterId: '' }, `clusterId is "": ${CLUSTER_ID}`],
    ],
  },
  parameters: {
    before: '',
    after: ' [stack/Parameters]',
    inputs: [
      [
        'a parameter with a typing slip',
        { coordinator: { work_men: '65536' } },
        `coordinator.work_men is no parameter the service is known to offer (did you mean "work_mem"?): ${OFFERED}`,
      ],
      [
        'a parameter in other capitals',
        { coordinator: { timezone: 'UTC' } },
        `coordinator.timezone is no parameter the service is known to offer (did you mean "TimeZone"?): ${OFFERED}`,
      ],
      [
        'a parameter without a name',
        { coordinator: { '': 'on' } },
        `coordinator."" is no parameter the service is known to offer: ${OFFERED}`,
      ],
      [
        'a parameter that follows from the size',
        { coordinator: { max_connections: '500' } },
        'coordinator.max_connections follows from the size of the node: choose other vCores',
      ],
      [
        'a parameter of the service',
        { workers: { log_checkpoints: 'on' } },
        'workers.log_checkpoints is kept by the service and cannot be set: remove it',
      ],
      [
        'a parameter that Citus dropped',
        { coordinator: { 'citus.task_tracker_delay': '200' } },
        'coordinator.citus.task_tracker_delay went away before Citus 12.1: remove it',
      ],
      [
        'a parameter that PostgreSQL dropped',
        { coordinator: { operator_precedence_warning: 'on' } },
        'coordinator.operator_precedence_warning went away with PostgreSQL 14: remove it',
      ],
      [
        'a parameter that PostgreSQL 16 dropped',
        { coordinator: { vacuum_defer_cleanup_age: '0' }, postgresVersion: 16 },
        'coordinator.vacuum_defer_cleanup_age is not there in PostgreSQL 16, and was last in 15: remove it',
      ],
      [
        'PgBouncer on workers',
        { workers: { 'pgbouncer.default_pool_size': '100' } },
        'workers.pgbouncer.default_pool_size is a parameter of the coordinator alone: move it there',
      ],
      ['memory with a unit', { coordinator: { work_mem: '64MB' } }, `coordinator.work_mem is "64MB": ${KB}`],
      ['too little memory', { workers: { work_mem: '32' } }, `workers.work_mem is "32": ${KB}`],
      [
        'a fraction of a whole number',
        { coordinator: { 'citus.shard_count': '32.5' } },
        'coordinator.citus.shard_count is "32.5": it must be a whole number from 1 to 64000, as text without a unit',
      ],
      [
        'more shards than Citus has',
        { coordinator: { 'citus.shard_count': '64001' } },
        'coordinator.citus.shard_count is "64001": it must be a whole number from 1 to 64000, as text without a unit',
      ],
      [
        'NaN as text',
        { coordinator: { statement_timeout: 'NaN' } },
        `coordinator.statement_timeout is "NaN": ${MS}`,
      ],
      [
        'a negative timeout of statements',
        { coordinator: { statement_timeout: '-1' } },
        `coordinator.statement_timeout is "-1": ${MS}`,
      ],
      [
        'a number beyond its range',
        { workers: { checkpoint_completion_target: '1.5' } },
        'workers.checkpoint_completion_target is "1.5": it must be a number from 0 to 1, as text without a unit',
      ],
      [
        'a cost below zero',
        { workers: { random_page_cost: '-1' } },
        'workers.random_page_cost is "-1": it must be a number of 0 or more, as text without a unit',
      ],
      [
        'a flag in other words',
        { workers: { autovacuum: 'true' } },
        'workers.autovacuum is "true": it must be "on" or "off"',
      ],
      [
        'a choice that is none',
        { coordinator: { log_statement: 'everything' } },
        'coordinator.log_statement is "everything": it must be "none", "ddl", "mod" or "all"',
      ],
      [
        'a choice with a minus sign',
        { coordinator: { 'pgaudit.log': 'ALL,-MISC' } },
        'coordinator.pgaudit.log is "ALL,-MISC": it must be a list with commas of READ, WRITE, FUNCTION, ROLE, DDL, MISC, MISC_SET, ALL and NONE',
      ],
      [
        'an empty text',
        { coordinator: { search_path: '' } },
        'coordinator.search_path is "": it must be one line of text that is not empty; leave the parameter out for the service to choose',
      ],
      [
        'a text of two lines',
        { coordinator: { application_name: 'a\nb' } },
        'coordinator.application_name is "a\\nb": it must be one line of text that is not empty; leave the parameter out for the service to choose',
      ],
    ],
  },
  private: {
    before: '',
    after: ' [stack/Private]',
    inputs: [
      ['a network where a subnet belongs', { subnetId: networkId }, `subnetId is "${networkId}": ${SUBNET}`],
      [
        'a subnet where a network belongs',
        { virtualNetworkId: subnetId },
        `virtualNetworkId is "${subnetId}": it must be the resource id of a virtual network: /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NETWORK`,
      ],
      [
        'a cluster that is another kind of resource',
        { clusterId: networkId },
        `clusterId is "${networkId}": ${CLUSTER_ID}`,
      ],
    ],
  },
};

laneSuite('synth', 'Wrong inputs', () => {
  describe.each(Object.entries(subjects))('of %s', (subject, { before, after, inputs }) => {
    test.each(inputs)('fails for %s', (_what, props, message) => {
      expect(messageOf(() => make[subject as keyof typeof make](props))).toBe(`${before}${message}${after}`);
    });
  });

  test('valid props pass', () => {
    for (const each of Object.values(make)) expect(messageOf(() => each({}))).toBeUndefined();
  });

  const unknown = (name: string): string => Token.asString(ref(`var.${name}`));
  const unknownNumber = (name: string): number => Token.asNumber(ref(`var.${name}`));
  test.each<readonly [keyof typeof make, Props]>([
    [
      'cluster',
      { clusterName: unknown('name'), location: unknown('location'), resourceGroupName: unknown('group') },
    ],
    ['cluster', { postgresVersion: unknownNumber('postgres'), citusVersion: unknown('citus') }],
    ['cluster', { preferredPrimaryZone: unknown('zone'), tags: { owner: unknown('owner') } }],
    ['cluster', { timeouts: { createMinutes: unknownNumber('minutes') } }],
    [
      'singleNode',
      { coordinator: { ...node, vCores: unknownNumber('cores'), storageGiB: unknownNumber('size') } },
    ],
    ['multiNode', { workers: { ...workers, count: unknownNumber('workers'), edition: unknown('edition') } }],
    ['replica', { sourceClusterId: unknown('source'), sourceLocation: unknown('location') }],
    ['pointInTime', { pointInTimeUtc: unknown('moment') }],
    [
      'firewall',
      {
        clusterId: unknown('cluster'),
        rules: [{ name: 'office', from: unknown('from'), to: unknown('to') }],
      },
    ],
    ['roles', { clusterId: unknown('cluster') }],
    ['parameters', { clusterId: unknown('cluster'), coordinator: { work_mem: unknown('memory') } }],
    ['private', { subnetId: unknown('subnet'), virtualNetworkId: unknown('network') }],
  ])('leaves to the service what only Terraform knows: %s, case %#', (subject, props) => {
    expect(messageOf(() => make[subject](props))).toBeUndefined();
  });

  test('what is known is judged beside what is not', () => {
    const vCores = unknownNumber('cores');
    expect(messageOf(() => make.singleNode({ coordinator: { ...node, vCores, storageGiB: 500 } }))).toBe(
      `not a topology of a cluster: coordinator.storageGiB is 500: ${SINGLE_STORAGE}`,
    );
    expect(messageOf(() => make.parameters({ coordinator: { work_men: unknown('memory') } }))).toContain(
      'work_men is no parameter',
    );
  });
});

function messageOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
