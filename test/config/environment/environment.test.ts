import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadEnvironments, parseEnvironment } from '../../../config/environment/environment';
import { faultsOf } from '../../support/faults';

const FILE = 'config/environments/dev.yaml';
const dev = readFileSync('test/support/environments/dev.yaml', 'utf8');

/** dev.yaml with one line replaced; fails when the line is not there. */
function devWith(...changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`dev.yaml has no "${from}"`);
    return text.replace(from, to);
  }, dev);
}

/** The faults without file and line. */
function faultsWith(...changes: readonly (readonly [string, string])[]): string[] {
  return faultsOf(() => parseEnvironment(devWith(...changes), FILE)).map((fault) =>
    fault.replace(/^config\/environments\/dev\.yaml:\d+: /, ''),
  );
}

describe('parseEnvironment', () => {
  test('reads dev, and fills in what is safe', () => {
    expect(parseEnvironment(dev, FILE)).toMatchObject({
      name: 'dev',
      cluster: { stage: 'single-node', coordinator: { burstable: false }, protectFromDestroy: true },
    });
  });

  test('shows every fault at once: shape, service, names', () => {
    const text = `
name: prod
location: West US 2
workload: sensors
cluster:
  name: Wwi_Sensors-
  postgresVersion: 13
  citusVersion: 12.1
  stage: scaled-up
  coordinator: { vCores: 3, storageGiB: 500 }
  workers: { count: 1, vCores: 2, storageGiB: 128 }
  highAvailability: yes
  maintenanceWindow: { day: Sunday, startHour: 24, startMinute: 0 }
network:
  access: firewal
  allow:
    - { name: o, from: 0.0.0.0, to: 255.255.255.255 }
state: { backend: azurerm, key: /abs }
tags:
  owner: ""
  Environment: x
password: secret
`;
    expect(faultsOf(() => parseEnvironment(text, FILE))).toMatchInlineSnapshot(`
      [
        "config/environments/dev.yaml:2: name: is "prod" in a file for "dev": write dev, or rename the file",
        "config/environments/dev.yaml:2: production: is missing: add true or false, whether this is production",
        "config/environments/dev.yaml:2: resourceGroup: is missing: add the name of a resource group: 1 to 90 letters, digits, _, -, ( ), and dots except at the end",
        "config/environments/dev.yaml:3: location: is "West US 2": it must be a region as Azure's tools write it, as in westus2 (did you mean "westus2"?)",
        "config/environments/dev.yaml:5: cluster.coordinatorHoldsShards: is missing: add true or false",
        "config/environments/dev.yaml:5: cluster.origin: is missing, and Azure refuses new clusters of Azure Cosmos DB for PostgreSQL since 30 March 2026 (the service ends on 31 March 2029): adopt a cluster that exists (npx scaleout adopt), restore one or make a replica of one, or create an elastic cluster of Azure Database for PostgreSQL instead; where this subscription may, or the state holds the cluster already, say so in cluster.allowNew",
        "config/environments/dev.yaml:6: cluster.name: is "Wwi_Sensors-": it must be the name of a cluster: 3 to 40 lowercase letters, digits and hyphens, not digits alone, with no hyphen at either end; no other cluster on Azure may have it",
        "config/environments/dev.yaml:7: cluster.postgresVersion: is 13, which Azure retired on 2025-11-13: choose 15 or 16",
        "config/environments/dev.yaml:8: cluster.citusVersion: is 12.1: it must be a version of Citus in quotes, as in "12.1"",
        "config/environments/dev.yaml:9: cluster.stage: is "scaled-up": it must be single-node or scaled-out",
        "config/environments/dev.yaml:10: cluster.coordinator.storageGiB: is 500: the coordinator of a cluster with workers has 128, 256, 512, 1024, 2048, 4096, 8192 or 16384 GiB of storage",
        "config/environments/dev.yaml:10: cluster.coordinator.vCores: is 3: the coordinator of a cluster with workers has 4, 8, 16, 32, 64 or 96 vCores",
        "config/environments/dev.yaml:11: cluster.workers.count: is 1: a cluster has no worker or 2 to 20 of them, never one",
        "config/environments/dev.yaml:11: cluster.workers.storageGiB: is 128: a worker has 512, 1024, 2048, 4096, 8192 or 16384 GiB of storage",
        "config/environments/dev.yaml:11: cluster.workers.vCores: is 2: a worker has 4, 8, 16, 32, 64, 96 or 104 vCores",
        "config/environments/dev.yaml:12: cluster.highAvailability: is "yes": it must be true or false",
        "config/environments/dev.yaml:13: cluster.maintenanceWindow.day: is "Sunday": it must be sunday, monday, tuesday, wednesday, thursday, friday or saturday",
        "config/environments/dev.yaml:13: cluster.maintenanceWindow.startHour: is 24: it must be a whole number from 0 to 23",
        "config/environments/dev.yaml:15: network.access: is "firewal": it must be firewall or private",
        "config/environments/dev.yaml:18: state.container: is missing: add the name of a container: 3 to 63 lowercase letters, digits and single hyphens, with no hyphen at either end",
        "config/environments/dev.yaml:18: state.key: is "/abs": it must be the name of a blob, as in scaleout/dev.tfstate",
        "config/environments/dev.yaml:18: state.resourceGroup: is missing: add the name of a resource group: 1 to 90 letters, digits, _, -, ( ), and dots except at the end",
        "config/environments/dev.yaml:18: state.storageAccount: is missing: add the name of a storage account: 3 to 24 lowercase letters and digits, unique on all of Azure",
        "config/environments/dev.yaml:19: tags.costCentre: is missing: add text of 1 to 256 characters",
        "config/environments/dev.yaml:20: tags.owner: is "": it must be text of 1 to 256 characters",
        "config/environments/dev.yaml:21: tags.Environment: is set for every resource and cannot be changed: remove it",
        "config/environments/dev.yaml:22: password: unknown key: the keys here are name, service, location, resourceGroup, workload, production, cluster, network, roles, parameters, keyVault, monitoring, state and tags",
      ]
    `);
  });

  const coordinator = 'coordinator: { vCores: 4, storageGiB: 512 }';
  const workers = '  workers: { count: 2, vCores: 4, storageGiB: 512 }\n';
  const alone = [workers, ''] as const;

  test.each([
    ['a small node alone', [[coordinator, 'coordinator: { vCores: 2, storageGiB: 128 }'], alone]],
    [
      'a burstable node alone',
      [[coordinator, 'coordinator: { vCores: 1, storageGiB: 32, burstable: true }'], alone],
    ],
    [
      'large storage with enough vCores',
      [[coordinator, 'coordinator: { vCores: 8, storageGiB: 2048 }'], alone],
    ],
    [
      'more storage than one node has, once scaled out',
      [
        [coordinator, 'coordinator: { vCores: 96, storageGiB: 4096 }'],
        ['stage: single-node', 'stage: scaled-out'],
      ],
    ],
    [
      'a retired PostgreSQL, with the Citus that it came to, where a cluster brings it',
      [
        ['postgresVersion: 16', 'postgresVersion: 13'],
        ["citusVersion: '12.1'", "citusVersion: '11.3'"],
        [
          '  allowNew: the clusters of these tests begin empty',
          '  origin: { replicaOf: { sourceClusterId: /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/old, sourceLocation: westus2 } }',
        ],
      ],
    ],
    ['a local state', [[/state:[^]*?\n\n/.exec(dev)![0], 'state: { backend: local }\n\n']]],
  ] as [string, [string, string][]][])('accepts %s', (_title, changes) => {
    expect(() => parseEnvironment(devWith(...changes), FILE)).not.toThrow();
  });

  test.each([
    [
      'a coordinator too small for its workers',
      [[coordinator, 'coordinator: { vCores: 2, storageGiB: 512 }']],
      'cluster.coordinator.vCores: is 2: the coordinator of a cluster with workers has 4, 8, 16, 32, 64 or 96 vCores',
    ],
    [
      'storage no node has',
      [[coordinator, 'coordinator: { vCores: 4, storageGiB: 500 }'], alone],
      'cluster.coordinator.storageGiB: is 500: a single node has 128, 256, 512, 1024 or 2048 GiB of storage',
    ],
    [
      'large storage with few vCores',
      [[coordinator, 'coordinator: { vCores: 4, storageGiB: 1024 }'], alone],
      'cluster.coordinator.storageGiB: is 1024 beside 4 vCores: a single node with more than 512 GiB has 8 vCores or more',
    ],
    [
      'a burstable node with workers',
      [[coordinator, 'coordinator: { vCores: 2, storageGiB: 64, burstable: true }']],
      'cluster.coordinator.burstable: is true, and a burstable node cannot have workers: remove it and choose 4 vCores or more, or remove the workers',
    ],
    [
      'a burstable node with a standby',
      [
        [coordinator, 'coordinator: { vCores: 2, storageGiB: 64, burstable: true }'],
        alone,
        ['highAvailability: false', 'highAvailability: true'],
      ],
      'cluster.highAvailability: is true, and a burstable node cannot have a standby: set it to false, or use a regular node',
    ],
    [
      'one worker',
      [['count: 2', 'count: 1']],
      'cluster.workers.count: is 1: a cluster has no worker or 2 to 20 of them, never one',
    ],
    [
      'twenty-one workers',
      [['count: 2', 'count: 21']],
      'cluster.workers.count: is 21: a cluster has no worker or 2 to 20 of them, never one',
    ],
    [
      'scaled out without workers',
      [['stage: single-node', 'stage: scaled-out'], alone],
      'cluster.stage: is "scaled-out", and the file names no workers: add them, as in workers: { count: 2, vCores: 4, storageGiB: 512 }',
    ],
    [
      'a retired PostgreSQL',
      [['postgresVersion: 16', 'postgresVersion: 13']],
      'cluster.postgresVersion: is 13, which Azure retired on 2025-11-13: choose 15 or 16',
    ],
    [
      'a PostgreSQL that is not there',
      [['postgresVersion: 16', 'postgresVersion: 17']],
      'cluster.postgresVersion: is 17: choose 15 or 16',
    ],
    [
      'a Citus that does not go with it',
      [["citusVersion: '12.1'", "citusVersion: '11.3'"]],
      'cluster.citusVersion: is "11.3": PostgreSQL 16 comes with Citus "12.1"',
    ],
    ...['db', '12345'].map((name): [string, [string, string][], string] => [
      `the name ${name}`,
      [['name: wwi-sensors-dev', `name: '${name}'`]],
      `cluster.name: is "${name}": it must be the name of a cluster: 3 to 40 lowercase letters, digits and hyphens, not digits alone, with no hyphen at either end; no other cluster on Azure may have it`,
    ]),
    [
      'a long name',
      [['name: wwi-sensors-dev', `name: ${'a'.repeat(41)}`]],
      `cluster.name: is "${'a'.repeat(41)}": it must be the name of a cluster: 3 to 40 lowercase letters, digits and hyphens, not digits alone, with no hyphen at either end; no other cluster on Azure may have it`,
    ],
    [
      'an hour that is not there',
      [['startHour: 3', 'startHour: 24']],
      'cluster.maintenanceWindow.startHour: is 24: it must be a whole number from 0 to 23',
    ],
    [
      'all of Azure let in',
      [['from: 203.0.113.8, to: 203.0.113.15', 'from: 0.0.0.0, to: 0.0.0.0']],
      'network.allow[0].from: is "0.0.0.0", which opens the database to every tenant of Azure: name the addresses that may connect',
    ],
    [
      'a version in quotes',
      [['postgresVersion: 16', "postgresVersion: '16'"]],
      'cluster.postgresVersion: is "16", which the quotes make text: remove them, it must be a major version of PostgreSQL, as in 16',
    ],
    [
      'a key that only an elastic cluster has',
      [['highAvailability:', 'login: wwi_admin\n  highAvailability:']],
      'cluster.login: unknown key here: it is one of service elastic-cluster, and this file is about service cosmosdb-postgresql: the login is always citus, so remove it',
    ],
    [
      'a typing slip in a key',
      [['highAvailability:', 'highAvailibility: true\n  highAvailability:']],
      'cluster.highAvailibility: unknown key (did you mean "highAvailability"?): the keys here are name, postgresVersion, citusVersion, stage, coordinator, workers, coordinatorHoldsShards, highAvailability, preferredPrimaryZone, maintenanceWindow, protectFromDestroy, lockAgainstDeletion, origin and allowNew',
    ],
    [
      'a production that is neither',
      [['production: false', 'production: no']],
      'production: is "no": it must be true or false, whether this is production',
    ],
    [
      'the tag of production',
      [['costCentre: wwi-1042', "costCentre: wwi-1042\n  Production: 'false'"]],
      'tags.Production: is set for every resource and cannot be changed: remove it',
    ],
    [
      'a tag that the code sets',
      [['costCentre: wwi-1042', 'costCentre: wwi-1042\n  managedby: me']],
      'tags.managedby: is set for every resource and cannot be changed: remove it',
    ],
    [
      'another name than its file',
      [['name: dev\n', 'name: prod\n']],
      'name: is "prod" in a file for "dev": write dev, or rename the file',
    ],
  ] as [string, [string, string][], string][])('refuses %s', (_title, changes, fault) => {
    expect(faultsWith(...changes)).toContain(fault);
  });

  test('names the line of a fault', () => {
    const line = dev.split('\n').findIndex((each) => each.includes('count: 2')) + 1;
    expect(faultsOf(() => parseEnvironment(devWith(['count: 2', 'count: 1']), FILE))).toEqual([
      expect.stringContaining(`${FILE}:${String(line)}: cluster.workers.count`),
    ]);
  });
});

describe('loadEnvironments', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'scaleout-config-'));
    cpSync('test/support/environments', path.join(directory, 'environments'), { recursive: true });
    cpSync('config/workloads', path.join(directory, 'workloads'), { recursive: true });
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const file = (leaf: string): string => path.join(directory, 'environments', leaf);
  const faults = (): string[] =>
    faultsOf(() => loadEnvironments(directory)).map((fault) =>
      fault.replace(/^.*?(?=environments(:|\/))/, '').replace('environments/', ''),
    );

  test('reads dev and prod', () => {
    expect(loadEnvironments(directory).map(({ name }) => name)).toEqual(['dev', 'prod']);
  });

  test('fails when two environments share a cluster, a resource group or a state', () => {
    writeFileSync(file('test.yaml'), devWith(['name: dev\n', 'name: test\n']));
    expect(faults()).toEqual([
      'test.yaml:5: resourceGroup: is "rg-wwi-sensors-dev", as in environment "dev": each environment creates its own, so change one of the two',
      'test.yaml:10: cluster.name: is "wwi-sensors-dev", as in environment "dev": no two clusters on Azure have the same name, so change one of the two',
      expect.stringMatching(
        /^test\.yaml:\d+: state\.key: is "wwiterraformstate\/tfstate\/sensors\/dev\.tfstate", as in environment "dev": a shared state makes one environment destroy the other, so change one of the two$/,
      ),
    ]);
  });

  const prod = readFileSync('test/support/environments/prod.yaml', 'utf8');
  const staging = prod
    .replace('name: prod\n', 'name: staging\n')
    .replace('-sensors-prod\n', '-sensors-staging\n')
    .replace('name: wwi-sensors-prod', 'name: wwi-sensors-staging')
    .replace('name: kv-wwi-sensors-prod', 'name: kv-wwi-staging')
    .replace('prod.tfstate', 'staging.tfstate');

  test('fails when two private environments are in one virtual network, which takes one DNS zone', () => {
    writeFileSync(
      file('staging.yaml'),
      staging.replace('virtualNetworks/vnet-wwi/subnets/snet-data', 'virtualNetworks/VNET-WWI/subnets/other'),
    );
    expect(faults()).toEqual([
      expect.stringMatching(
        /^staging\.yaml:\d+: network\.subnetId: is in the virtual network "VNET-WWI", as in environment "prod": each environment makes a private DNS zone and links it, .* so choose a subnet of another network for one of the two, or access: firewall$/,
      ),
    ]);
  });

  test('fails when two environments want one key vault, of whatever capitals', () => {
    writeFileSync(
      file('staging.yaml'),
      staging.replace('vnet-wwi', 'vnet-staging').replace('kv-wwi-staging', 'KV-wwi-sensors-prod'),
    );
    expect(faults()).toEqual([
      expect.stringMatching(
        /^staging\.yaml:\d+: keyVault\.name: is "KV-wwi-sensors-prod", as in environment "prod": no two vaults on Azure/,
      ),
    ]);
  });

  test('lets private environments be in networks of their own, and public ones anywhere', () => {
    writeFileSync(file('staging.yaml'), staging.replace('vnet-wwi', 'vnet-staging'));
    expect(loadEnvironments(directory).map(({ name }) => name)).toEqual(['dev', 'prod', 'staging']);
  });

  test('shows the faults of all files at once', () => {
    writeFileSync(file('dev.yaml'), devWith(['workload: sensors', 'workload: sensor']));
    renameSync(file('prod.yaml'), file('prod.yml'));
    writeFileSync(file('broken.yaml'), 'name: [');
    expect(faults()).toEqual([
      expect.stringMatching(/^broken\.yaml:\d: not valid YAML: /),
      expect.stringMatching(/^dev\.yaml:6: workload: is "sensor" \(did you mean "sensors"\?\): choose /),
      'prod.yml: is not read: rename it to end in .yaml',
    ]);
  });

  test('holds a file against the others although it has faults of its own', () => {
    writeFileSync(
      file('test.yaml'),
      devWith(
        ['name: dev\n', 'name: test\n'],
        ['workload: sensors', 'workload: sensor'],
        ['postgresVersion: 16', 'postgresVersion: sixteen'],
        ['name: wwi-sensors-dev', 'name: wwi-sensors-test'],
        ['key: sensors/dev.tfstate', 'key: sensors/test.tfstate'],
      ),
    );
    expect(faults()).toEqual([
      expect.stringMatching(/^test\.yaml:5: resourceGroup: is "rg-wwi-sensors-dev", as in environment "dev"/),
      expect.stringMatching(/^test\.yaml:6: workload: is "sensor" \(did you mean "sensors"\?\): choose /),
      expect.stringMatching(/^test\.yaml:12: cluster\.postgresVersion: is "sixteen"/),
    ]);
  });

  test('holds other files against a file that has faults', () => {
    writeFileSync(file('dev.yaml'), devWith(['postgresVersion: 16', 'postgresVersion: sixteen']));
    writeFileSync(
      file('test.yaml'),
      devWith(['name: dev\n', 'name: test\n'], ['name: wwi-sensors-dev', 'name: wwi-sensors-test']),
    );
    expect(faults()).toEqual([
      expect.stringMatching(/^dev\.yaml:\d+: cluster\.postgresVersion: /),
      expect.stringMatching(/^test\.yaml:5: resourceGroup: /),
      expect.stringMatching(/^test\.yaml:\d+: state\.key: /),
    ]);
  });

  test('fails when there is no environment', () => {
    rmSync(file('dev.yaml'));
    rmSync(file('prod.yaml'));
    expect(faults()).toEqual(['environments: holds no environment: write one, as in dev.yaml']);
  });
});

describe('the region of a cluster that is not there yet', () => {
  test('is one of Azure', () => {
    expect(faultsWith(['location: westus2', 'location: westuss2'])).toEqual([
      'location: is "westuss2", which is no region of Azure (did you mean "westus2"?): write it as Azure\'s tools do, as in westus2',
    ]);
  });
});
