import { homedir, hostname } from 'node:os';
import { everything, replica } from './settings';
import type { CosmosEnvironment, Stage } from '../../config/environment/environment';
import { laneSuite } from '../support/lanes';
import {
  addresses,
  environment,
  onlyResource,
  synthesizeBootstrap,
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

laneSuite('synth', 'CosmosClusterStack: a changed address replaces a database', () => {
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
        "azurerm_key_vault.PasswordVault_C569C2DB",
        "azurerm_key_vault_secret.PasswordVault_Password_E52AB075",
        "azurerm_log_analytics_workspace.Diagnostics_Workspace_77C8C816",
        "azurerm_management_lock.Lock_CE124363",
        "azurerm_monitor_action_group.Alerts_ActionGroup_053F7D22",
        "azurerm_monitor_diagnostic_setting.Diagnostics_Setting_08B4BEE8",
        "azurerm_monitor_diagnostic_setting.PasswordVault_Audit_C9F25F60",
        "azurerm_monitor_metric_alert.Alerts_Connections_3DF54418",
        "azurerm_monitor_metric_alert.Alerts_Cpu_54DD6B35",
        "azurerm_monitor_metric_alert.Alerts_Memory_E995A18E",
        "azurerm_monitor_metric_alert.Alerts_Storage_79E3ED57",
        "azurerm_private_dns_zone.PrivateAccess_Zone_F4555EB4",
        "azurerm_private_dns_zone_virtual_network_link.PrivateAccess_ZoneLink_1B1100D4",
        "azurerm_private_endpoint.PrivateAccess_Endpoint_77E2B131",
        "azurerm_resource_group.ResourceGroup",
        "azurerm_role_assignment.PasswordVault_Writer_FDFB208A",
      ]
    `);
  });

  test('bootstrap', () => {
    expect(addresses(synthesizeBootstrap())).toMatchInlineSnapshot(`
      [
        "azurerm_management_lock.StateStorage_Lock_E01A617F",
        "azurerm_resource_group.ResourceGroup",
        "azurerm_storage_account.StateStorage_B2333AF5",
        "azurerm_storage_container.StateStorage_tfstate_70D07ACE",
      ]
    `);
  });

  test('an environment with everything there is, at either stage', () => {
    const [before, after] = STAGES.map((stage) => addresses(synthesizeSettings(everything, stage)));
    expect(after).toMatchInlineSnapshot(`
      [
        "azurerm_cosmosdb_postgresql_cluster.Cluster_EB0386A7",
        "azurerm_cosmosdb_postgresql_coordinator_configuration.Parameters_Coordinator_work_mem_5D8C17A0",
        "azurerm_cosmosdb_postgresql_firewall_rule.Firewall_allow-azure-services_2B77A6BC",
        "azurerm_cosmosdb_postgresql_firewall_rule.Firewall_office_8A8AE2DB",
        "azurerm_cosmosdb_postgresql_firewall_rule.Firewall_pipeline_DC1A3680",
        "azurerm_cosmosdb_postgresql_node_configuration.Parameters_Workers_work_mem_62BCA6CB",
        "azurerm_cosmosdb_postgresql_role.Roles_app_D4FB75E8",
        "azurerm_cosmosdb_postgresql_role.Roles_reports_51750E21",
        "azurerm_key_vault.PasswordVault_C569C2DB",
        "azurerm_key_vault_secret.PasswordVault_Password_E52AB075",
        "azurerm_log_analytics_workspace.Diagnostics_Workspace_77C8C816",
        "azurerm_management_lock.Lock_CE124363",
        "azurerm_monitor_action_group.Alerts_ActionGroup_053F7D22",
        "azurerm_monitor_diagnostic_setting.Diagnostics_Setting_08B4BEE8",
        "azurerm_monitor_diagnostic_setting.PasswordVault_Audit_C9F25F60",
        "azurerm_monitor_metric_alert.Alerts_Connections_3DF54418",
        "azurerm_monitor_metric_alert.Alerts_Cpu_54DD6B35",
        "azurerm_monitor_metric_alert.Alerts_Memory_E995A18E",
        "azurerm_monitor_metric_alert.Alerts_Storage_79E3ED57",
        "azurerm_resource_group.ResourceGroup",
        "azurerm_role_assignment.PasswordVault_Writer_FDFB208A",
      ]
    `);
    // Before there are workers, the service refuses parameters for them.
    expect(after!.filter((each) => !before!.includes(each))).toEqual([
      expect.stringMatching(/^azurerm_cosmosdb_postgresql_node_configuration\.Parameters_Workers_work_mem_/),
    ]);
    expect(before!.filter((each) => !after!.includes(each))).toEqual([]);
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

laneSuite('synth', 'CosmosClusterStack: what scaling out changes', () => {
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

laneSuite('synth', 'CosmosClusterStack: one change of the cluster at a time', () => {
  /** Addresses that a resource waits for, by references or by depends_on, near or far. */
  const waitsFor = (stack: ReturnType<typeof synthesizeEnvironment>, address: string): Set<string> => {
    const found = new Set<string>();
    const follow = (each: string): void => {
      const [type = '', name = ''] = each.split('.');
      const text = JSON.stringify(stack.json.resource?.[type]?.[name] ?? {});
      for (const [other] of text.matchAll(/azurerm_\w+\.[\w-]+/g)) {
        if (found.has(other) || other === address) continue;
        found.add(other);
        follow(other);
      }
    };
    follow(address);
    return found;
  };
  const CHANGES =
    /^azurerm_(cosmosdb_postgresql_(coordinator_configuration|node_configuration|role|firewall_rule)|private_endpoint|management_lock)\./;

  test.each(['firewall', 'private'] as const)(
    'parameters, roles, way in (%s), lock: in one row',
    (access) => {
      const network = access === 'firewall' ? everything.network : environment('prod').network;
      const stack = synthesizeSettings({ ...everything, network });
      const changes = addresses(stack).filter((each) => CHANGES.test(each));
      expect(changes.length).toBeGreaterThan(5);
      const depths = changes.map(
        (each) => [...waitsFor(stack, each)].filter((other) => CHANGES.test(other)).length,
      );
      // In a row of N, one waits for none, one for one, and so on.
      expect(depths.sort((a, b) => a - b)).toEqual(changes.map((_, index) => index));
    },
  );

  test('the lock is on after all that it covers, so that it is off before they go', () => {
    const stack = synthesizeEnvironment('prod');
    const lock = addresses(stack).find((each) => each.startsWith('azurerm_management_lock.'))!;
    expect([...waitsFor(stack, lock)].map((each) => each.split('.')[0]).sort()).toEqual([
      'azurerm_cosmosdb_postgresql_cluster',
      'azurerm_log_analytics_workspace',
      'azurerm_monitor_diagnostic_setting',
      'azurerm_private_dns_zone',
      'azurerm_private_dns_zone_virtual_network_link',
      'azurerm_private_endpoint',
      'azurerm_resource_group',
    ]);
  });

  test('the vault gets the password once the cluster has it', () => {
    const stack = synthesizeEnvironment('prod');
    const secret = addresses(stack).find((each) => each.startsWith('azurerm_key_vault_secret.'))!;
    expect([...waitsFor(stack, secret)].some((each) => each.includes('postgresql_cluster'))).toBe(true);
  });
});

laneSuite('synth', 'CosmosClusterStack: where the cluster comes from', () => {
  const cluster = (settings: CosmosEnvironment): Record<string, unknown> =>
    onlyResource(synthesizeSettings(settings), 'azurerm_cosmosdb_postgresql_cluster');

  test('a replica signs in as its source does: nobody is asked for a password', () => {
    expect(synthesizeSettings(replica).json.variable).toBeUndefined();
    expect(cluster(replica)).not.toHaveProperty('administrator_login_password');
    expect(cluster(replica)).toMatchObject({
      source_location: 'westus2',
      source_resource_id: expect.stringMatching(/serverGroupsv2\/source$/) as string,
    });
    expect(
      addresses(synthesizeSettings(replica)).some((each) => each.includes('Alerts_ReplicationLag')),
    ).toBe(true);
  });

  test('a promoted replica is asked for a password, and lags behind nobody', () => {
    const { replicaOf } = replica.cluster.origin!;
    const promoted = synthesizeSettings({
      ...environment('prod'),
      cluster: { ...environment('prod').cluster, origin: { replicaOf: { ...replicaOf!, promoted: true } } },
    });
    expect(onlyResource(promoted, 'azurerm_cosmosdb_postgresql_cluster')).toMatchObject({
      source_resource_id: replicaOf!.sourceClusterId,
      administrator_login_password: '${var.admin_password}',
      ha_enabled: true,
    });
    expect(onlyResource(promoted, 'azurerm_key_vault_secret')).toMatchObject({
      value_wo: '${var.admin_password}',
    });
    expect(addresses(promoted).filter((each) => each.includes('ReplicationLag'))).toEqual([]);
  });

  test('a restore names the moment, and takes a password', () => {
    expect(cluster(everything)).toMatchObject({
      point_in_time_in_utc: '2026-01-31T12:00:00Z',
      administrator_login_password: '${var.admin_password}',
    });
  });

  test('each role has a variable for its password', () => {
    expect(Object.keys(synthesizeSettings(everything).json.variable ?? {}).sort()).toEqual([
      'admin_password',
      'role_app_password',
      'role_reports_password',
    ]);
  });
});

laneSuite('synth', 'CosmosClusterStack: when a password is due', () => {
  const secret = (settings: CosmosEnvironment): Record<string, unknown> =>
    onlyResource(synthesizeSettings(settings), 'azurerm_key_vault_secret');

  test('the vault is told the day that the file says, and none of its own', () => {
    expect(secret(everything)).toMatchObject({ expiration_date: '2027-06-30T00:00:00Z' });
    expect(secret(environment('prod'))).not.toHaveProperty('expiration_date');
  });
});

laneSuite('synth', 'CosmosClusterStack: which Terraform', () => {
  test.each([
    ['dev', '>= 1.9.0, < 2.0.0'],
    ['prod', '>= 1.11.0, < 2.0.0'],
  ])('%s: %s, as a vault needs write-only arguments', (name, versions) => {
    expect(synthesizeEnvironment(name).json.terraform['required_version']).toBe(versions);
  });
});

laneSuite('synth', 'CosmosClusterStack: the whole text', () => {
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
    const references = [...text.matchAll(/"(\w+)": "\$\{var\.\w+\}"/g)].map(([, key]) => key);
    expect(references).toEqual(
      name === 'prod' ? ['administrator_login_password', 'value_wo'] : ['administrator_login_password'],
    );
    expect(json.variable?.['admin_password']).not.toHaveProperty('default');
    expect(text).not.toMatch(/"(\/|[A-Za-z]:\\\\)(?!subscriptions\/)[^"/]/);
    for (const local of [process.cwd(), homedir(), hostname()]) expect(text).not.toContain(local);
  });
});

laneSuite('synth', 'CosmosClusterStack: tags, state, provider', () => {
  const change = (changes: Partial<CosmosEnvironment>): CosmosEnvironment => ({
    ...environment('dev'),
    ...changes,
  });

  /** Types without tags: rights, locks and settings of something else. */
  const UNTAGGED = /^azurerm_(management_lock|monitor_diagnostic_setting|role_assignment)$/;

  test('every resource that takes tags has those that must be there', () => {
    const { json } = synthesizeEnvironment('prod');
    const tagged = Object.entries(json.resource!).flatMap(([type, each]) =>
      UNTAGGED.test(type) ? [] : Object.values(each),
    );
    expect(tagged).toHaveLength(13);
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
