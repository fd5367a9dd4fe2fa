import { locateYaml } from '../../../config/file/yaml';
import type { Note } from '../../../scripts/audit/judge/judge';
import { judge } from '../../../scripts/audit/judge/judge';
import { RULES } from '../../../scripts/audit/rules';
import { KEYS } from '../../../scripts/audit/source/keys';
import { sourceOf } from '../../../scripts/audit/source/locate';
import { readSources } from '../../../scripts/audit/source/read';
import { RESOURCE_TYPES } from '../../../scripts/audit/stack/resource-types';
import { firewallRule, stack, TODAY } from '../builders';

const YAML = `name: dev
location: westus2
production: false
cluster:
  name: c
  postgresVersion: 16
  highAvailability: false
network:
  access: firewall
  allow:
    - { name: office, from: 203.0.113.8, to: 203.0.113.15 }
    - name: home
      from: 203.0.113.9
parameters:
  workers:
    work_mem: '64'
state:
  storageAccount: a
tags:
  owner: me
`;

const located = locateYaml(YAML);
if (located === undefined) throw new Error('the YAML of the test is none');
const sources = {
  yaml: new Map([['dev', { file: 'dev.yaml', located }]]),
  code: [
    { file: 'stacks/bootstrap-stack.ts', text: 'new AzurermProvider(this)' },
    { file: 'constructs/diagnostics.ts', text: '\nnew MonitorDiagnosticSetting(this)' },
    { file: 'constructs/password-vault.ts', text: '\n\nnew MonitorDiagnosticSetting(this)' },
    { file: 'stacks/environment-stack.ts', text: '\n\n\nnew AzurermProvider(this)' },
  ],
};
const CLUSTER = '/resource/azurerm_cosmosdb_postgresql_cluster/cluster';
const RULE = 'azurerm_cosmosdb_postgresql_firewall_rule';
const judged = stack('dev', {
  resources: {
    [`${RULE}.home`]: { ...firewallRule('203.0.113.9', '203.0.113.9'), name: 'home' },
    'azurerm_cosmosdb_postgresql_node_configuration.mem': { name: 'work_mem', value: '64' },
  },
});

function lineOf(pointer: string, more: Partial<Note> = {}): string | undefined {
  const place = {
    ruleId: 'x',
    check: 'x',
    environment: 'dev',
    constructPath: 'dev/Cluster/Resource',
    message: '',
    pointer,
    ...more,
  };
  const source = sourceOf(place, judged, sources);
  return source === null ? undefined : `${source.file}:${String(source.line)}`;
}

describe('the line behind a finding', () => {
  it.each([
    [`${CLUSTER}/ha_enabled`, {}, 'dev.yaml:7'],
    // The argument is missing: the check names it.
    [CLUSTER, { check: 'ha_enabled' }, 'dev.yaml:7'],
    [CLUSTER, { check: 'lifecycle' }, 'dev.yaml:4'],
    [`${CLUSTER}/sql_version`, {}, 'dev.yaml:6'],
    [`${CLUSTER}/tags/owner`, {}, 'dev.yaml:20'],
    [`${CLUSTER}/tags/production`, {}, 'dev.yaml:3'],
    [CLUSTER, { ruleId: 'tags', check: 'costCentre' }, 'dev.yaml:19'],
    [`/resource/${RULE}/home/start_ip_address`, {}, 'dev.yaml:12'],
    ['/resource/azurerm_cosmosdb_postgresql_node_configuration/mem/value', {}, 'dev.yaml:16'],
    ['/terraform/backend/azurerm/storage_account_name', {}, 'dev.yaml:18'],
    ['', { ruleId: 'production-declared' }, 'dev.yaml:3'],
    // A section that the file lacks is to be added to it.
    [CLUSTER, { ruleId: 'diagnostics', check: 'AllMetrics' }, 'dev.yaml:1'],
  ])('is a key of the file: %s %j', (pointer, more, expected) => {
    expect(lineOf(pointer, more)).toBe(expected);
  });

  it.each([
    ['/provider/azurerm/0/subscription_id', {}, 'stacks/environment-stack.ts:4'],
    ['/provider/azurerm/0', { environment: 'bootstrap' }, 'stacks/bootstrap-stack.ts:1'],
    [
      '/resource/azurerm_monitor_diagnostic_setting/a/enabled_log',
      { constructPath: 'dev/PasswordVault/Audit' },
      'constructs/password-vault.ts:3',
    ],
    ['/resource/azurerm_monitor_diagnostic_setting/a', {}, 'constructs/diagnostics.ts:2'],
  ])('is the code where no key says it: %s %j', (pointer, more, expected) => {
    expect(lineOf(pointer, more)).toBe(expected);
  });

  it('is none where there is neither', () => {
    expect(lineOf('/resource/x_unknown/a', { environment: 'nowhere' })).toBeUndefined();
  });

  it('is found for every type that rules know, in the files of this project', async () => {
    expect(Object.keys(KEYS).sort()).toEqual([...RESOURCE_TYPES.keys()].sort());
    const ours = await readSources(['dev', 'prod', 'bootstrap']);
    expect([...ours.yaml.keys()]).toEqual(['dev', 'prod', 'bootstrap']);
    const { findings } = judge({
      stacks: [stack('dev', { cluster: { node_public_ip_access_enabled: true, sql_version: '9' } })],
      rules: RULES,
      waivers: [],
      today: TODAY,
    });
    expect(findings.length).toBeGreaterThan(0);
    for (const finding of findings) expect(sourceOf(finding, judged, ours)?.file).toMatch(/dev\.yaml$/);
    const provider = { pointer: '/provider/azurerm/0', ruleId: 'provider-target', check: 'x', message: '' };
    expect(sourceOf({ ...provider, environment: 'dev', constructPath: 'dev' }, judged, ours)?.file).toMatch(
      /stacks\/environment-stack\.ts$/,
    );
  });
});
