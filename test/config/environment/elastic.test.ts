import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  loadConfig,
  parseCosmosEnvironment,
  parseEnvironment,
} from '../../../config/environment/environment';
import { INSTEAD, keysOf } from '../../../config/environment/misplaced-keys';
import { SERVICES } from '../../../config/azure/postgres-services';
import { plannedNodes } from '../../../config/environment/planned-nodes';
import { elasticConnectionLimit, elasticStorageMb } from '../../../config/azure/elastic-limits';
import { faultsOf } from '../../support/faults';

const DIRECTORY = path.join(__dirname, '..', '..', 'support', 'elastic-environments');
const text = (name: string): string => readFileSync(path.join(DIRECTORY, `${name}.yaml`), 'utf8');

/** The file of dev with a text in the place of another one. */
function dev(...changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((file, [from, to]) => {
    if (!file.includes(from)) throw new Error(`dev.yaml does not say ${from}`);
    return file.replace(from, to);
  }, text('dev'));
}

const faults = (...changes: readonly (readonly [string, string])[]): string[] =>
  faultsOf(() => parseEnvironment(dev(...changes), 'config/environments/dev.yaml')).map((fault) =>
    fault.replace(/^config\/environments\/dev\.yaml:\d+: /, ''),
  );

describe('an environment of an elastic cluster', () => {
  test('is read with its defaults', () => {
    expect(parseEnvironment(text('dev'), 'dev.yaml')).toMatchObject({
      service: 'elastic-cluster',
      cluster: {
        postgresVersion: 17,
        nodes: { sku: 'GP_Standard_D4ds_v5', storageGiB: 128, count: 3 },
        passwordVersion: 1,
        backupRetentionDays: 7,
        protectFromDestroy: true,
        lockAgainstDeletion: false,
      },
    });
  });

  test('has the database postgres where nothing is said', () => {
    const settings = parseEnvironment(dev(['  database: citus\n', '']), 'dev.yaml');
    expect(settings).toMatchObject({ cluster: { database: 'postgres' } });
  });

  test('is one of Cosmos DB where no service is named', () => {
    expect(() => parseEnvironment(dev(['service: elastic-cluster\n', '']), 'dev.yaml')).toThrow(
      /cluster\.coordinator: is missing/,
    );
    expect(() => parseCosmosEnvironment(text('dev'), 'dev.yaml')).toThrow(
      /service: is "elastic-cluster", and this is for cosmosdb-postgresql/,
    );
  });

  test.each<[string, readonly (readonly [string, string])[], string[]]>([
    [
      'another service',
      [['service: elastic-cluster', 'service: elastic']],
      ['service: is "elastic": it must be cosmosdb-postgresql or elastic-cluster'],
    ],
    [
      'another major',
      [['postgresVersion: 17', 'postgresVersion: 16']],
      [
        'cluster.postgresVersion: is 16: it must be 17, the one major version of PostgreSQL that elastic clusters have',
      ],
    ],
    [
      'numbers and true or false in quotes',
      [
        ['postgresVersion: 17', "postgresVersion: '17'"],
        ['count: 3', 'count: "3"'],
        ['highAvailability: false', 'highAvailability: "false"'],
      ],
      [
        'cluster.postgresVersion: is "17", which the quotes make text: remove them, it must be 17, the one major version of PostgreSQL that elastic clusters have',
        'cluster.nodes.count: is "3", which the quotes make text: remove them, it must be a whole number of nodes from 2 to 20, all of a scaled-out cluster',
        'cluster.highAvailability: is "false", which the quotes make text: remove them, it must be true or false',
      ],
    ],
    [
      'another major in quotes',
      [['postgresVersion: 17', "postgresVersion: '18'"]],
      [
        'cluster.postgresVersion: is "18": it must be 17, the one major version of PostgreSQL that elastic clusters have',
      ],
    ],
    [
      'one node of many',
      [['count: 3', 'count: 1']],
      [
        'cluster.nodes.count: is 1: it must be a whole number of nodes from 2 to 20, all of a scaled-out cluster',
      ],
    ],
    [
      'too many nodes',
      [['count: 3', 'count: 21']],
      [
        'cluster.nodes.count: is 21: it must be a whole number of nodes from 2 to 20, all of a scaled-out cluster',
      ],
    ],
    [
      'storage that is no power of two',
      [['storageGiB: 128', 'storageGiB: 500']],
      [
        'cluster.nodes.storageGiB: is 500: the storage of a node is 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384 or 32768 GiB',
      ],
    ],
    [
      'a size of Cosmos DB',
      [['sku: GP_Standard_D4ds_v5', 'sku: GeneralPurpose']],
      [
        'cluster.nodes.sku: is "GeneralPurpose": it must be a machine as azurerm names it, as in GP_Standard_D4ds_v5: B (burstable), GP (general purpose) or MO (memory optimized), then the size',
      ],
    ],
    [
      'a login of the service',
      [['login: wwi_admin', 'login: azure_pg_admin']],
      ['cluster.login: is "azure_pg_admin", which the service keeps for itself: choose another name'],
    ],
    [
      'a login of PostgreSQL',
      [['login: wwi_admin', 'login: pg_wwi']],
      [
        'cluster.login: is "pg_wwi", and PostgreSQL keeps names that start with pg_ for itself: choose another name',
      ],
    ],
    [
      'a database of the service',
      [['database: citus', 'database: azure_sys']],
      ['cluster.database: is "azure_sys", a database of the service itself: choose another name'],
    ],
    [
      'standbys of burstable nodes',
      [
        ['sku: GP_Standard_D4ds_v5', 'sku: B_Standard_B2s'],
        ['highAvailability: false', 'highAvailability: true'],
      ],
      [
        'cluster.highAvailability: is true, and "B_Standard_B2s" is burstable, which has no standby: set it to false, or choose a GP or MO machine',
      ],
    ],
    [
      'standbys in a region without zones',
      [
        ['location: westus2', 'location: westus'],
        ['highAvailability: false', 'highAvailability: true'],
      ],
      [
        'cluster.highAvailability: is true, and a standby lies in another zone, which Azure Database for PostgreSQL does not have in "westus": set it to false, or choose a region with zones, as westus2; where Azure has added zones since, take the region off the list in config/azure/regions.ts',
      ],
    ],
    [
      'backups of a year',
      [['  login:', '  backupRetentionDays: 365\n  login:']],
      ['cluster.backupRetentionDays: is 365: it must be a whole number from 7 to 35'],
    ],
    [
      'a short name',
      [['  name: wwi-sensors-dev', '  name: w']],
      [
        'cluster.name: is "w": it must be the name of an elastic cluster: 3 to 63 lowercase letters, digits and hyphens, with no hyphen at either end; no other flexible server on Azure may have it',
      ],
    ],
    [
      'a rule with a dot, which a cluster of Cosmos DB may have',
      [['name: office', 'name: the.office']],
      [
        `network.allow[0].name: is "the.office": a rule's name has 1 to 80 characters, letters, digits, _ and -, starts with a letter or digit and does not end with -`,
      ],
    ],
    ...['_office', 'office-'].map((name): [string, [string, string][], string[]] => [
      `a rule called ${name}`,
      [['name: office', `name: ${name}`]],
      [
        `network.allow[0].name: is "${name}": a rule's name has 1 to 80 characters, letters, digits, _ and -, starts with a letter or digit and does not end with -`,
      ],
    ]),
    [
      'no subnet',
      [
        [
          'access: firewall\n  # Addresses of the documentation range: replace them by those your people and pipelines go out with.\n  allow:\n    - { name: office, from: 203.0.113.8, to: 203.0.113.15 }',
          'access: private',
        ],
      ],
      [expect.stringMatching(/^network\.subnetId: is missing: add the resource id of a subnet/) as string],
    ],
    [
      'what only a cluster of Cosmos DB has',
      [['  login:', '  origin: { adopt: x }\n  citusVersion: "12.1"\n  login:']],
      [
        'cluster.origin: unknown key here: it is one of service cosmosdb-postgresql, and this file is about service elastic-cluster: an elastic cluster begins empty, so remove it',
        'cluster.citusVersion: unknown key here: it is one of service cosmosdb-postgresql, and this file is about service elastic-cluster: Azure chooses the Citus of an elastic cluster, so remove it',
      ],
    ],
    [
      'roles that no login can have',
      [
        [
          'state:',
          'roles: [{ name: wwi_admin }, { name: pg_x }, { name: user }, { name: app }, { name: app }]\nstate:',
        ],
      ],
      [
        'roles[0].name: is the administrator, cluster.login, whom Azure makes: choose another name, or remove it',
        'roles[1].name: is "pg_x", a role of the service itself: choose another name',
        'roles[2].name: is "user", a word that PostgreSQL keeps for itself: choose another name',
        'roles[4].name: is "app", the name of an earlier role: a role has one password, so list it once',
      ],
    ],
    [
      'parameters as a cluster of Cosmos DB has them',
      [['state:', 'parameters: { coordinator: { work_mem: "65536" } }\nstate:']],
      [
        'parameters.coordinator: unknown key here: it is one of service cosmosdb-postgresql, and this file is about service elastic-cluster: the nodes of an elastic cluster are alike, so write their parameters right under parameters',
      ],
    ],
    [
      'parameters that nobody offers, and values that nobody takes',
      [
        [
          'state:',
          'parameters: { wrok_mem: "65536", maintenance_work_mem: 64MB, fsync: "off", ssl_min_protocol_version: TLSv1 }\nstate:',
        ],
      ],
      [
        'parameters.fsync: is kept by the service and cannot be set: remove it',
        'parameters.maintenance_work_mem: is "64MB": it must be a whole number of kB from 1024 to 2097151, as text without a unit',
        'parameters.ssl_min_protocol_version: is "TLSv1": it must be "TLSv1.2" or "TLSv1.3"',
        'parameters.wrok_mem: is no parameter the service is known to offer (did you mean "work_mem"?): choose one of config/azure/elastic-parameter-list.json, or add to it what Azure lists',
      ],
    ],
    [
      'libraries and extensions that the service does not have',
      [
        [
          'state:',
          'parameters: { shared_preload_libraries: "pg_cron, TimescaleDB", azure.extensions: "vector,postgis_topology" }\nstate:',
        ],
      ],
      [
        'parameters.\'azure.extensions\': is "vector,postgis_topology": it must be one line of text that is not empty, without anon, pg_qs, postgis_topology or timescaledb, which the service does not have; leave the parameter out for the service to choose',
        'parameters.shared_preload_libraries: is "pg_cron, TimescaleDB": it must be one line of text that is not empty, without anon or timescaledb, which the service does not have; leave the parameter out for the service to choose',
      ],
    ],
    [
      'a version of the password beside the vault',
      [['state:', 'keyVault: { name: kv-x, allow: [203.0.113.8], passwordVersion: 2 }\nstate:']],
      ['keyVault.passwordVersion: unknown key here: it belongs at cluster.passwordVersion'],
    ],
    [
      'parameters in the cluster, and tags that are named as keys',
      [
        ['  login:', '  parameters: { work_mem: "65536" }\n  login:'],
        ['tags:', 'tags:\n  login: [1]'],
      ],
      [
        'cluster.parameters: unknown key here: it belongs at the top level of the file, as parameters',
        expect.stringMatching(/^tags\.login: is \[1\]/) as string,
      ],
    ],
    [
      'a key of the other service at another place than it has there, and one that nobody knows',
      [['state:', 'citusVersion: "13.2"\ntheme: dark\nstate:']],
      [
        'citusVersion: unknown key here: it is one of service cosmosdb-postgresql, and this file is about service elastic-cluster: Azure chooses the Citus of an elastic cluster, so remove it',
        expect.stringMatching(/^theme: unknown key: the keys here are name, /) as string,
      ],
    ],
  ])('refuses %s', (_title, changes, expected) => {
    expect(faults(...changes)).toEqual(expected);
  });

  test('has a role with an underscore, and a unique login', () => {
    const roles = dev(['state:', 'roles: [{ name: web_app }]\nparameters: { work_mem: 65536 }\nstate:']);
    expect(parseEnvironment(roles, 'dev.yaml')).toMatchObject({
      roles: [{ name: 'web_app' }],
      parameters: { work_mem: '65536' },
    });
  });

  test('can stand beside an environment of Cosmos DB of the same names, as in a move from one to the other', () => {
    const pending = {
      name: 'moved',
      text: dev(
        ['name: dev', 'name: moved'],
        ['rg-wwi-sensors-dev', 'rg-wwi-sensors-moved'],
        ['sensors/dev.tfstate', 'sensors/moved.tfstate'],
      ),
    };
    const { environments } = loadConfig(undefined, pending);
    expect(environments.map(({ name, service }) => `${name}: ${service}`)).toEqual([
      'dev: cosmosdb-postgresql',
      'moved: elastic-cluster',
      'prod: cosmosdb-postgresql',
    ]);
  });
});

test('what is said of a key of one service is said of a key that the other has not', () => {
  const [cosmos, elastic] = SERVICES.map((service) => keysOf(service));
  for (const key of Object.keys(INSTEAD)) {
    expect([key, [cosmos, elastic].filter((keys) => keys?.includes(key)).length]).toEqual([key, 1]);
  }
});

describe('what is counted of nodes', () => {
  test('every node but the first is a worker, and all hold shards', () => {
    expect(plannedNodes(parseEnvironment(text('dev'), 'dev.yaml'))).toEqual({
      workers: 2,
      coordinatorHoldsShards: true,
    });
  });

  test('the largest disk is a GiB short of 32 TiB, as the provider has it', () => {
    expect([32, 4096, 16_384, 32_768].map(elasticStorageMb)).toEqual([
      32_768, 4_194_304, 16_777_216, 33_553_408,
    ]);
  });

  test('connections follow from the memory of a node', () => {
    const limits = ['B_Standard_B1ms', 'B_Standard_B2s', 'GP_Standard_D4ds_v5', 'MO_Standard_E4ds_v5'].map(
      elasticConnectionLimit,
    );
    expect(limits).toEqual([50, 429, 1718, 3436]);
    expect(elasticConnectionLimit('GP_Standard_D96ds_v5')).toBe(5000);
    expect(elasticConnectionLimit('what-is-that')).toBe(50);
  });
});
