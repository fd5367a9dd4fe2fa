import { homedir, hostname } from 'node:os';
import type { EnvironmentSettings, Stage } from '../../config/environment';
import { laneSuite } from '../support/lanes';
import {
  addresses,
  environment,
  onlyResource,
  synthesizeEnvironment,
  synthesizeSettings,
} from '../support/synth';

const NAMES = ['dev', 'prod'] as const;
const STAGES = ['single-node', 'scaled-out'] as const satisfies readonly Stage[];
const everyStack = NAMES.flatMap((name) => STAGES.map((stage) => [name, stage] as const));

/** The paths at which two JSON documents differ, each with both values. */
function differences(a: unknown, b: unknown, path = ''): string[] {
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
    return keys.flatMap((key) =>
      differences((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `${path}/${key}`),
    );
  }
  return Object.is(a, b) ? [] : [`${path}: ${JSON.stringify(a)} -> ${JSON.stringify(b)}`];
}

laneSuite('synth', 'EnvironmentStack: a changed address replaces a database', () => {
  test('dev', () => {
    expect(addresses(synthesizeEnvironment('dev'))).toMatchInlineSnapshot(`
      [
        "azurerm_cosmosdb_postgresql_cluster.Cluster_EB0386A7",
        "azurerm_cosmosdb_postgresql_firewall_rule.Firewall_office_8A8AE2DB",
        "azurerm_resource_group.ResourceGroup",
      ]
    `);
  });

  test('prod', () => {
    expect(addresses(synthesizeEnvironment('prod'))).toMatchInlineSnapshot(`
      [
        "azurerm_cosmosdb_postgresql_cluster.Cluster_EB0386A7",
        "azurerm_private_dns_zone.PrivateAccess_Zone_F4555EB4",
        "azurerm_private_dns_zone_virtual_network_link.PrivateAccess_ZoneLink_1B1100D4",
        "azurerm_private_endpoint.PrivateAccess_Endpoint_77E2B131",
        "azurerm_resource_group.ResourceGroup",
      ]
    `);
  });

  test.each(NAMES)('%s has the same addresses at both stages', (name) => {
    const [before, after] = STAGES.map((stage) => addresses(synthesizeEnvironment(name, stage)));
    expect(after).toEqual(before);
  });

  test('the cluster has the same address in every environment', () => {
    const clusters = NAMES.map((name) =>
      addresses(synthesizeEnvironment(name)).find((each) => each.includes('postgresql_cluster')),
    );
    expect(new Set(clusters).size).toBe(1);
  });
});

laneSuite('synth', 'EnvironmentStack: what scaling out changes', () => {
  test.each(NAMES)('%s: the node count, and the stage it calls itself', (name) => {
    const [before, after] = STAGES.map((stage) => synthesizeEnvironment(name, stage).json);
    expect(differences(before, after)).toEqual([
      '/output/stage/value: "single-node" -> "scaled-out"',
      expect.stringMatching(
        /^\/resource\/azurerm_cosmosdb_postgresql_cluster\/Cluster_\w+\/node_count: 0 -> 2$/,
      ),
    ]);
  });

  test('a coordinator that is not to hold shards gives them up with the same step', () => {
    const dev = environment('dev');
    const settings = { ...dev, cluster: { ...dev.cluster, coordinatorHoldsShards: false } };
    const [before, after] = STAGES.map((stage) => synthesizeSettings(settings, stage).json);
    expect(differences(before, after).map((each) => each.split('/').at(-1))).toEqual([
      'value: "single-node" -> "scaled-out"',
      'node_count: 0 -> 2',
      'shards_on_coordinator_enabled: true -> false',
    ]);
  });
});

laneSuite('synth', 'EnvironmentStack: the whole text', () => {
  test.each(everyStack)('%s, %s', (name, stage) => {
    expect(synthesizeEnvironment(name, stage).json).toMatchSnapshot();
  });

  test.each(everyStack)('%s, %s: the same bytes every time', (name, stage) => {
    expect(synthesizeEnvironment(name, stage).text).toBe(synthesizeEnvironment(name, stage).text);
  });

  test.each(everyStack)('%s, %s: no secret, no path and no name of a machine', (name, stage) => {
    const { text, json } = synthesizeEnvironment(name, stage);
    const passwords = [...text.matchAll(/"(\w*password\w*)": "([^"]*)"/g)].map(([, key, value]) => [
      key,
      value,
    ]);
    expect(passwords).toEqual([['administrator_login_password', '${var.admin_password}']]);
    expect(json.variable?.['admin_password']).not.toHaveProperty('default');
    expect(text).not.toMatch(/"(\/|[A-Za-z]:\\\\)(?!subscriptions\/)[^"/]/);
    for (const local of [process.cwd(), homedir(), hostname()]) expect(text).not.toContain(local);
  });
});

laneSuite('synth', 'EnvironmentStack: tags, state, provider', () => {
  const change = (changes: Partial<EnvironmentSettings>): EnvironmentSettings => ({
    ...environment('dev'),
    ...changes,
  });

  test('every resource that takes tags has those that must be there', () => {
    const { json } = synthesizeEnvironment('prod');
    const tagged = Object.values(json.resource!).flatMap((each) => Object.values(each));
    expect(tagged).toHaveLength(5);
    for (const resource of tagged) {
      expect(resource['tags']).toEqual({
        owner: 'sensors-platform',
        costCentre: 'wwi-1042',
        environment: 'prod',
        workload: 'sensors',
        managedBy: 'scaleout',
        production: 'true',
      });
    }
  });

  test('tags that must be there win over those that were given', () => {
    const stack = synthesizeSettings(
      change({ tags: { owner: 'a', costCentre: 'b', environment: 'prod', managedBy: 'hand' } }),
    );
    expect(onlyResource(stack, 'azurerm_resource_group')['tags']).toMatchObject({
      environment: 'dev',
      managedBy: 'scaleout',
    });
  });

  test('a local state is a path from the stack, outside what the next synth replaces', () => {
    const { json } = synthesizeSettings(change({ state: { backend: 'local' } }));
    expect(json.terraform['backend']).toEqual({ local: { path: '../../../.scaleout/state/dev.tfstate' } });
  });

  test('the state in Azure is read with an identity, not with a key', () => {
    expect(synthesizeEnvironment('dev').json.terraform['backend']).toEqual({
      azurerm: {
        resource_group_name: 'rg-wwi-terraform',
        storage_account_name: 'wwiterraformstate',
        container_name: 'tfstate',
        key: 'sensors/dev.tfstate',
        use_azuread_auth: true,
      },
    });
  });

  test('fails when an environment without workers is asked to scale out', () => {
    const cluster = { ...environment('dev').cluster, workers: undefined };
    expect(() => synthesizeSettings(change({ cluster }), 'scaled-out')).toThrow(
      'environment dev is to be scaled out, and it names no workers: add them to its file',
    );
  });
});
