import { ELASTIC_ENVIRONMENTS } from '../../support/synth';
import { readEnvironment } from './documents';

/** An environment's file that asks for nothing wrong. */
export interface Honest {
  readonly title: string;
  readonly name: string;
  readonly text: string;
}

type Edit = readonly [from: string | RegExp, to: string];

const SOURCE =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/source';
const SUBNET =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vnet-b/subnets/snet-b';
const more = (lines: string): Edit => ['tags:\n', `${lines}\ntags:\n`];
const inCluster = (line: string): Edit => ['cluster:\n', `cluster:\n  ${line}\n`];
const origin = (text: string): Edit => [/^  allowNew: .*$/m, `  origin: ${text}`];
const adopted = (name: string): Edit =>
  origin(
    `{ adopt: /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-wwi-sensors-${name}/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi-sensors-${name}, imported: true }`,
  );
const withoutVault: Edit = [/^keyVault:\n(?: .*\n)+/m, ''];
const rules = (list: string): Edit => [/ {2}allow:\n {4}- .*\n/, `  allow:\n${list}`];

const EVERYWHERE: Readonly<Record<string, readonly Edit[]>> = {
  'as it is': [],
  'another region': [['location: westus2', 'location: northeurope']],
  'another owner, and more tags': [
    ['  owner: sensors-platform', '  owner: payments\n  data: internal\n  token: none'],
  ],
  'a tag with a page in it': [
    ['  owner:', '  runbook: https://wiki.example.com/reset?password=forgotten\n  owner:'],
  ],
  'maintenance on a weekday': [['day: sunday, startHour: 3', 'day: wednesday, startHour: 22']],
  'a zone of its own': [inCluster("preferredPrimaryZone: '2'")],
  'another state': [['container: tfstate', 'container: others']],
};

const DEV: Readonly<Record<string, readonly Edit[]>> = {
  ...EVERYWHERE,
  'one machine': [['to: 203.0.113.15', 'to: 203.0.113.8']],
  'ten rules': [
    rules(
      Array.from(
        { length: 10 },
        (_, index) =>
          `    - { name: site-${String(index)}, from: 203.0.113.${String(index * 8)}, to: 203.0.113.${String(index * 8 + 7)} }\n`,
      ).join(''),
    ),
  ],
  standbys: [['highAvailability: false', 'highAvailability: true']],
  'scaled out': [['stage: single-node', 'stage: scaled-out']],
  locked: [inCluster('lockAgainstDeletion: true')],
  'may be destroyed': [inCluster('protectFromDestroy: false')],
  'a vault': [more('keyVault: { name: kv-wwi-dev, allow: [203.0.113.8/29] }')],
  'a vault that subnets reach': [more(`keyVault: { name: kv-wwi-dev, subnetIds: [${SUBNET}] }`)],
  'a vault with a date and a writer': [
    more(
      'keyVault: { name: kv-wwi-dev, allow: [203.0.113.8], passwordExpiresUtc: 2027-06-30T00:00:00Z, writerPrincipalId: 22222222-2222-2222-2222-222222222222 }',
    ),
  ],
  logs: [more('monitoring: { workspace: { name: log-wwi-dev, retentionDays: 30 } }')],
  'logs and alerts': [
    more(
      'monitoring: { workspace: { name: log-wwi-dev, retentionDays: 730 }, alerts: { emails: [a@example.com, b@example.com], thresholds: { cpuPercent: 99, storagePercent: 50 } } }',
    ),
  ],
  'a private endpoint': [[/access: firewall\n(?: .*\n)+/, `access: private\n  subnetId: ${SUBNET}\n`]],
  'a state on this machine': [[/^state:\n(?: .*\n)+/m, 'state: { backend: local }\n']],
};

const PROD: Readonly<Record<string, readonly Edit[]>> = {
  ...EVERYWHERE,
  'mails to many': [['[sensors-oncall@example.com]', '[a@example.com, b@example.com, c@example.com]']],
  'thresholds of its own': [
    [
      '    emails:',
      '    thresholds: { storagePercent: 70, connectionsPercent: 60, memoryPercent: 95 }\n    emails:',
    ],
  ],
  'a larger vault net': [['allow: [203.0.113.8/29]', 'allow: [203.0.113.0/24, 198.51.100.0/24]']],
  'a vault that subnets reach': [['allow: [203.0.113.8/29]', `subnetIds: [${SUBNET}]`]],
  'a password that is due': [['  allow: [', '  passwordExpiresUtc: 2027-06-30T00:00:00Z\n  allow: [']],
  'logs for two years': [['retentionDays: 90', 'retentionDays: 730']],
};

const COSMOS_DEV: Readonly<Record<string, readonly Edit[]>> = {
  roles: [more('roles: [{ name: app }, { name: reporting }]')],
  parameters: [
    more(
      "parameters: { coordinator: { work_mem: '65536', log_connections: 'on', log_min_duration_statement: '1000' } }",
    ),
  ],
  'small and burstable': [
    [/ *workers: \{ c.*\n/, ''],
    [
      'coordinator: { vCores: 4, storageGiB: 512 }',
      'coordinator: { vCores: 1, storageGiB: 32, burstable: true }',
    ],
  ],
  'taken over': [adopted('dev')],
  'being taken over': [adopted('dev'), [', imported: true', '']],
  restored: [
    origin(
      `{ pointInTime: { sourceClusterId: ${SOURCE}, sourceLocation: westus2, pointInTimeUtc: 2026-11-01T12:00:00Z } }`,
    ),
  ],
  'a replica': [origin(`{ replicaOf: { sourceClusterId: ${SOURCE}, sourceLocation: westus2 } }`)],
};

const COSMOS_PROD: Readonly<Record<string, readonly Edit[]>> = {
  'roles and parameters': [
    more(
      "roles: [{ name: app }]\nparameters: { coordinator: { work_mem: '65536' }, workers: { work_mem: '65536' } }",
    ),
  ],
  'taken over': [adopted('prod')],
  'taken over, with the endpoints it had': [adopted('prod'), [/ {2}subnetId: .*\n/, '']],
  'a replica': [
    origin(`{ replicaOf: { sourceClusterId: ${SOURCE}, sourceLocation: westus2 } }`),
    withoutVault,
    ['highAvailability: true', 'highAvailability: false'],
  ],
  'a promoted replica': [
    origin(`{ replicaOf: { sourceClusterId: ${SOURCE}, sourceLocation: westus2, promoted: true } }`),
  ],
  'no vault': [withoutVault],
};

/** Environments that ask for nothing wrong: the samples, and what else their files may say. */
export function honestEnvironments(): readonly Honest[] {
  const of = (
    kind: string,
    name: string,
    base: string,
    variants: Readonly<Record<string, readonly Edit[]>>,
  ): Honest[] =>
    Object.entries(variants).map(([title, edits]) => ({
      title: `${kind}, ${title}`,
      name,
      text: edits.reduce((text, [from, to]) => {
        if (typeof from === 'string' ? !text.includes(from) : !from.test(text)) {
          throw new Error(`${kind}, ${title}: the file has no ${String(from)}`);
        }
        return text.replace(from, to);
      }, base),
    }));
  const elastic = (name: string): string => readEnvironment(name, ELASTIC_ENVIRONMENTS);
  return [
    ...of('cosmos dev', 'dev', readEnvironment('dev'), { ...DEV, ...COSMOS_DEV }),
    ...of('cosmos prod', 'prod', readEnvironment('prod'), { ...PROD, ...COSMOS_PROD }),
    ...of('elastic dev', 'dev', elastic('dev'), DEV),
    ...of('elastic prod', 'prod', elastic('prod'), PROD),
  ];
}
