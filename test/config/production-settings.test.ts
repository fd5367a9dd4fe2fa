import { readFileSync } from 'node:fs';
import { parseCosmosEnvironment, parseEnvironment } from '../../config/environment/environment';
import { faultsOf } from '../support/faults';

/** What a production cluster has beside its nodes: each key is optional, and each fault is told by line. */

const FILE = 'config/environments/prod.yaml';
const prod = readFileSync('test/support/environments/prod.yaml', 'utf8');
const SOURCE =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/source';

/** prod.yaml with one part replaced; fails when the part is not there. */
function prodWith(...changes: readonly (readonly [string | RegExp, string])[]): string {
  return changes.reduce((text, [from, to]) => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`prod.yaml has no "${String(from)}"`);
    return changed;
  }, prod);
}

const withLines = (lines: string): readonly [string, string] => ['tags:\n', `${lines}\ntags:\n`];
const inCluster = (lines: string): readonly [string, string] => ['cluster:\n', `cluster:\n  ${lines}\n`];
const origin = (lines: string): readonly [RegExp, string] => [/^  allowNew: .*$/m, `  origin: ${lines}`];
const KEY_VAULT = /^keyVault:\n(?: .*\n)+/m;
const FIREWALL = [
  /access: private\n(?: .*\n)+/,
  'access: firewall\n  allow: []\n  allowAzureServices: { reason: REASON }\n',
] as const;

const faultsWith = (...changes: readonly (readonly [string | RegExp, string])[]): string[] =>
  faultsOf(() => parseEnvironment(prodWith(...changes), FILE)).map((fault) => {
    expect(fault).toMatch(/^config\/environments\/prod\.yaml:\d+: /);
    return fault.replace(/^[^ ]+ /, '');
  });

describe('what a file may say', () => {
  test('nothing of it, and then nothing is made', () => {
    const bare = prodWith(
      [KEY_VAULT, ''],
      [/^monitoring:\n(?: .*\n)+/m, ''],
      [/ *lockAgainstDeletion.*\n/, ''],
    );
    const { cluster, ...read } = parseEnvironment(bare, FILE);
    expect(cluster.lockAgainstDeletion).toBe(false);
    for (const key of ['roles', 'parameters', 'keyVault', 'monitoring']) expect(read).not.toHaveProperty(key);
  });

  test('all of it', () => {
    const text = prodWith(
      withLines(
        'roles: [{ name: app }]\nparameters:\n  coordinator: { work_mem: 65536 }\n  workers: { work_mem: "65536" }',
      ),
      [KEY_VAULT, ''],
      inCluster(`preferredPrimaryZone: '2'`),
      [/workers: \{ /, 'workers: { edition: GeneralPurpose, '],
      origin(
        `{ pointInTime: { sourceClusterId: ${SOURCE}, sourceLocation: westus2, pointInTimeUtc: 2026-01-31T12:00:00Z } }`,
      ),
    );
    expect(parseEnvironment(text, FILE)).toMatchObject({
      roles: [{ name: 'app' }],
      // Azure takes text, and nobody should have to quote a number for that.
      parameters: { coordinator: { work_mem: '65536' }, workers: { work_mem: '65536' } },
      cluster: {
        preferredPrimaryZone: '2',
        workers: { edition: 'GeneralPurpose' },
        origin: { pointInTime: { pointInTimeUtc: '2026-01-31T12:00:00Z' } },
      },
    });
  });

  test('a promoted replica with all that a cluster has', () => {
    const text = prodWith(
      origin(`{ replicaOf: { sourceClusterId: ${SOURCE}, sourceLocation: westus2, promoted: true } }`),
      withLines('roles: [{ name: app }]'),
    );
    expect(parseEnvironment(text, FILE)).toMatchObject({
      cluster: { highAvailability: true, origin: { replicaOf: { promoted: true } } },
      keyVault: { name: 'kv-wwi-sensors-prod' },
      roles: [{ name: 'app' }],
    });
  });

  test('a replica that has no standby, and no password of its own', () => {
    const text = prodWith(
      [KEY_VAULT, ''],
      ['highAvailability: true', 'highAvailability: false'],
      origin(`{ replicaOf: { sourceClusterId: ${SOURCE}, sourceLocation: westus2 } }`),
    );
    expect(parseCosmosEnvironment(text, FILE).cluster.origin).toHaveProperty('replicaOf');
  });

  test('all of Azure let in, with a reason, and nobody else', () => {
    const [from, to] = FIREWALL;
    const text = prodWith([from, to.replace('REASON', 'Power BI refreshes from there until March')]);
    expect(parseEnvironment(text, FILE).network).toMatchObject({ allow: [] });
  });
});

describe('what it may not', () => {
  const ids = `sourceClusterId: ${SOURCE}, sourceLocation: westus2`;
  test.each([
    [
      'a role with a hyphen',
      [withLines('roles: [{ name: my-app }]')],
      [
        'roles[0].name: is "my-app": it must be the name of a role: 1 to 63 lowercase letters and digits, and nothing else',
      ],
    ],
    [
      'a password in the file',
      [withLines('roles: [{ name: app, password: x }]')],
      ['roles[0].password: unknown key: the keys here are name'],
    ],
    [
      'a parameter that is a list',
      [withLines('parameters: { coordinator: { work_mem: [1] } }')],
      ['parameters.coordinator.work_mem: is [1]: it must be text or a number, as in on or 64'],
    ],
    [
      'parameters of workers that nobody named',
      [
        withLines('parameters: { workers: { work_mem: 65536 } }'),
        [/ *workers: \{ c.*\n/, ''],
        ['stage: scaled-out', 'stage: single-node'],
      ],
      ['parameters.workers: are for workers, and the file names none: add cluster.workers, or remove them'],
    ],
    [
      'no origin in the origin',
      [origin('{}')],
      ['cluster.origin: names none of adopt, pointInTime and replicaOf: add one, or remove origin'],
    ],
    [
      'two origins',
      [
        [KEY_VAULT, ''],
        ['highAvailability: true', 'highAvailability: false'],
        origin(`{ replicaOf: { ${ids} }, pointInTime: { ${ids}, pointInTimeUtc: 2026-01-31T12:00:00Z } }`),
      ],
      ['cluster.origin: names replicaOf and pointInTime: a cluster has one origin, so keep one'],
    ],
    [
      'a day that the month does not have',
      [origin(`{ pointInTime: { ${ids}, pointInTimeUtc: 2026-02-30T12:00:00Z } }`)],
      [
        'cluster.origin.pointInTime.pointInTimeUtc: is "2026-02-30T12:00:00Z": it must be a moment in UTC, to the second, as in 2026-01-31T12:00:00Z',
      ],
    ],
    [
      'a cluster that comes from itself',
      [
        origin(
          `{ pointInTime: { ${ids.replace('/source', '/wwi-sensors-prod')}, pointInTimeUtc: 2026-01-31T12:00:00Z } }`,
        ),
      ],
      [
        'cluster.origin.pointInTime.sourceClusterId: names the cluster "wwi-sensors-prod" itself: an origin is another cluster, so give this one a name of its own',
      ],
    ],
    [
      'a replica with what its source has',
      [origin(`{ replicaOf: { ${ids} } }`), withLines('roles: [{ name: app }]')],
      [
        'cluster.highAvailability: is true, and a replica cannot have a standby: set it to false',
        "keyVault: is for the password of citus, and that of a replica is its source's: remove it, and read it where the source keeps it",
        'roles: are given to a replica, which is read-only and has those of its source: remove them',
      ],
    ],
    [
      'Azure let in for no reason',
      [[FIREWALL[0], FIREWALL[1].replace('REASON', 'because')]],
      [
        expect.stringMatching(
          /^network\.allowAzureServices\.reason: is "because", 7 characters long: it must be one line of 20 to 300/,
        ),
      ],
    ],
    [
      'a vault nobody reaches',
      [[/ +allow: \[.*\n/, '']],
      [
        'keyVault: lets nobody in, also not whoever deploys and writes the password: add allow, as in allow: [203.0.113.8], or subnetIds',
      ],
    ],
    [
      'a vault for a private network',
      [['allow: [203.0.113.8/29]', 'allow: [203.0.113.8/29, 10.0.0.1]']],
      [
        expect.stringMatching(
          /^keyVault\.allow\[1\]: is "10\.0\.0\.1", which never reaches a public endpoint/,
        ),
      ],
    ],
    [
      'a name no vault has',
      [['name: kv-wwi-sensors-prod', 'name: kv--wwi']],
      [expect.stringMatching(/^keyVault\.name: is "kv--wwi": it must be the name of a key vault/)],
    ],
    [
      'a version of nothing',
      [['passwordVersion: 1', 'passwordVersion: 0']],
      [
        'keyVault.passwordVersion: is 0: it must be a whole number from 1 up, raised whenever the password changes',
      ],
    ],
    [
      'more tags than a secret takes',
      [
        [
          '  owner:',
          `${Array.from({ length: 10 }, (_, index) => `  t${String(index)}: x\n`).join('')}  owner:`,
        ],
      ],
      [
        'tags: are 12, and beside a key vault 11 is the most, since a secret takes 15 with those that are added: remove some',
      ],
    ],
    [
      'a day that no month has, for a new password',
      [['passwordVersion: 1', 'passwordVersion: 1\n  passwordExpiresUtc: 2027-02-30T00:00:00Z']],
      [
        'keyVault.passwordExpiresUtc: is "2027-02-30T00:00:00Z": it must be a moment in UTC, to the second, as in 2027-06-30T00:00:00Z',
      ],
    ],
    [
      'a day without a time, for a new password',
      [['passwordVersion: 1', 'passwordVersion: 1\n  passwordExpiresUtc: 2027-06-30']],
      [
        'keyVault.passwordExpiresUtc: is "2027-06-30": it must be a moment in UTC, to the second, as in 2027-06-30T00:00:00Z',
      ],
    ],
    [
      'one tag twice, as Azure reads names, and one without a name',
      [['  owner:', "  Owner: x\n  ' ': x\n  owner:"]],
      [
        'tags.\'" "\': is no name of a tag: it has 1 to 512 characters and none of < > % & \\ ? /',
        'tags.owner: is "Owner" again to Azure, which does not tell capitals from lowercase letters in tag names: remove one',
      ],
    ],
    [
      'a container longer than Azure takes',
      [['container: tfstate', `container: ${'a-'.repeat(62)}a`]],
      [expect.stringMatching(/^state\.container: is "a-a.*: it must be the name of a container: 3 to 63 /)],
    ],
    [
      'a group longer than Azure takes',
      [['resourceGroup: rg-wwi-sensors-prod', `resourceGroup: ${'g'.repeat(91)}`]],
      [expect.stringMatching(/^resourceGroup: is "g.*: it must be the name of a resource group: 1 to 90 /)],
    ],
    [
      'logs kept for a week',
      [['retentionDays: 90', 'retentionDays: 7']],
      ['monitoring.workspace.retentionDays: is 7: it must be a whole number from 30 to 730'],
    ],
    [
      'nobody to tell',
      [['emails: [sensors-oncall@example.com]', 'emails: []']],
      [
        'monitoring.alerts.emails: is []: it must be a list of one address or more, as in [oncall@example.com]',
      ],
    ],
    [
      'one person told twice',
      [['sensors-oncall@example.com]', 'a@example.com, A@example.com]']],
      ['monitoring.alerts.emails[1]: is "A@example.com", which is listed before: remove it'],
    ],
    [
      'no address',
      [['sensors-oncall@example.com]', 'oncall]']],
      ['monitoring.alerts.emails[0]: is "oncall": it must be an address alone, as in oncall@example.com'],
    ],
    [
      'a threshold beyond what there is, and one that there is not',
      [['    emails:', '    thresholds: { storagePercent: 101, cpuPercents: 90 }\n    emails:']],
      [
        'monitoring.alerts.thresholds.cpuPercents: unknown key (did you mean "cpuPercent"?): the keys here are storagePercent, cpuPercent, memoryPercent, connectionsPercent and replicationLagSeconds',
        'monitoring.alerts.thresholds.storagePercent: is 101: it must be a number from 1 to 99',
      ],
    ],
    [
      'a zone that is a number',
      [inCluster('preferredPrimaryZone: 2')],
      ['cluster.preferredPrimaryZone: is 2: it must be "1", "2" or "3", in quotes'],
    ],
    [
      'an edition there is not',
      [[/workers: \{ /, 'workers: { edition: Burstable, ']],
      ['cluster.workers.edition: is "Burstable": it must be GeneralPurpose or MemoryOptimized'],
    ],
  ] as [string, (readonly [string | RegExp, string])[], unknown[]][])(
    'refuses %s',
    (_title, changes, faults) => {
      expect(faultsWith(...changes)).toEqual(faults);
    },
  );

  test('shows what is wrong beside what is malformed, and each value once', () => {
    expect(
      faultsWith(
        withLines(
          'roles: [{ name: citus }, { nam: app }, app]\nparameters: { coordinator: { work_mem: 64MB, log_lock_waits: true } }',
        ),
        [FIREWALL[0], 'access: firewall\n  allow: [{ name: o, from: 203.0.113.8 }]\n'],
        ['coordinator: { vCores: 8,', 'coordinator: { vCores: 9, memory: 8,'],
        ['workers: { count: 2,', 'workers: { count: 1, edition: Big,'],
        ['allow: [203.0.113.8/29]', 'allow: [203.0.113.9/29, 7]'],
        ['sensors-oncall@example.com]', 'oncall, ONCALL]'],
      ).map((fault) => fault.replace(/ .*/, '')),
    ).toEqual([
      'cluster.coordinator.memory:',
      'cluster.coordinator.vCores:',
      'cluster.workers.count:',
      'cluster.workers.edition:',
      'network.allow[0].name:',
      'network.allow[0].to:',
      'keyVault.allow[0]:',
      'keyVault.allow[1]:',
      'monitoring.alerts.emails[0]:',
      'monitoring.alerts.emails[1]:',
      'roles[0].name:',
      'roles[1].nam:',
      'roles[1].name:',
      'roles[2]:',
      'parameters.coordinator.log_lock_waits:',
      'parameters.coordinator.work_mem:',
    ]);
  });

  test('shows all of them at once', () => {
    expect(
      faultsWith(
        [/ +allow: \[.*\n/, ''],
        ['retentionDays: 90', 'retentionDays: 7'],
        withLines('roles: [{ name: citus }]'),
      ),
    ).toHaveLength(3);
  });
});
