import { parseSynthesized } from '../../scripts/audit/synthesized';
import type { Json, JsonObject, Synthesized } from '../../scripts/audit/synthesized';
import type { Facts, Problem, Rule } from '../../scripts/audit/rule';

/** Arguments to lay over a block's; undefined takes one away. */
export type Overrides = Readonly<Record<string, Json | undefined>>;

interface Parts {
  readonly cluster?: Overrides;
  /** More resources: address -> arguments. */
  readonly resources?: Readonly<Record<string, Overrides>>;
  readonly backend?: Overrides;
  /** Top-level sections to replace: `variable`, `output`, `terraform`, `provider`. */
  readonly sections?: Readonly<Record<string, Json>>;
}

export const CLUSTER_POINTER = '/resource/azurerm_cosmosdb_postgresql_cluster/cluster';

/**
 * A stack as the framework writes it, and as every rule accepts it: what a test changes is what the test is about.
 * It goes through the parser, as a file would.
 */
export function stack(environment: string, parts: Parts = {}): Synthesized {
  const document = stackJson(environment, parts);
  return parseSynthesized(JSON.stringify(document), environment, `stacks/${environment}/cdk.tf.json`);
}

export function stackJson(environment: string, parts: Parts = {}): JsonObject {
  const production = likeProd(environment);
  const tags = {
    environment,
    workload: 'sensors',
    managedBy: 'scaleout',
    owner: 'sensors-platform',
    costCentre: 'wwi-1042',
    production: String(production),
  };
  const blocks: Record<string, Overrides> = {
    'azurerm_resource_group.group': { name: `rg-${environment}`, location: 'westus2', tags },
    'azurerm_cosmosdb_postgresql_cluster.cluster': {
      name: `sensors-${environment}`,
      resource_group_name: '${azurerm_resource_group.group.name}',
      location: '${azurerm_resource_group.group.location}',
      administrator_login_password: '${var.admin_password}',
      sql_version: '16',
      citus_version: '12.1',
      node_count: production ? 2 : 0,
      coordinator_vcore_count: 4,
      coordinator_storage_quota_in_mb: 524_288,
      shards_on_coordinator_enabled: true,
      coordinator_public_ip_access_enabled: !production,
      node_public_ip_access_enabled: false,
      ha_enabled: production,
      maintenance_window: { day_of_week: 0, start_hour: 3, start_minute: 0 },
      lifecycle: { prevent_destroy: true },
      tags,
      ...parts.cluster,
    },
    ...(production
      ? {
          'azurerm_management_lock.lock': {
            name: 'keep',
            scope: '${azurerm_cosmosdb_postgresql_cluster.cluster.id}',
            lock_level: 'CanNotDelete',
          },
        }
      : { 'azurerm_cosmosdb_postgresql_firewall_rule.office': firewallRule('203.0.113.8', '203.0.113.15') }),
    ...parts.resources,
  };
  return {
    '//': { metadata: { backend: 'azurerm', stackName: environment, version: '0.21.0' } },
    provider: { azurerm: [{ features: [{}] }] },
    resource: nested(environment, blocks),
    output: { port: { value: 5432 } },
    terraform: {
      backend: {
        azurerm: present({
          resource_group_name: 'rg-state',
          storage_account_name: 'state',
          container_name: 'tfstate',
          key: `${environment}.tfstate`,
          use_azuread_auth: true,
          ...parts.backend,
        }),
      },
      required_providers: { azurerm: { source: 'azurerm', version: '4.55.0' } },
    },
    variable: { admin_password: { sensitive: true, type: 'string' } },
    ...parts.sections,
  };
}

/** Which of the two good stacks a test gets, by the name it gives it. */
function likeProd(environment: string): boolean {
  return environment.startsWith('prod');
}

export function firewallRule(from: string, to: string): Overrides {
  return {
    name: 'office',
    cluster_id: '${azurerm_cosmosdb_postgresql_cluster.cluster.id}',
    start_ip_address: from,
    end_ip_address: to,
  };
}

function nested(environment: string, blocks: Readonly<Record<string, Overrides>>): JsonObject {
  const resource: Record<string, Record<string, Json>> = {};
  for (const [address, body] of Object.entries(blocks)) {
    const [type = '', name = ''] = address.split('.');
    resource[type] ??= {};
    resource[type][name] = {
      '//': { metadata: { path: `${environment}/${name}`, uniqueId: name } },
      ...present(body),
    };
  }
  return resource;
}

function present(body: Overrides): JsonObject {
  return Object.fromEntries(
    Object.entries(body).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
}

export const TODAY = '2026-03-01';

export function facts(environment: string, others: readonly Synthesized[] = []): Facts {
  return { production: likeProd(environment), today: TODAY, others };
}

/** The problems of one rule; a rule that does not apply is a fault of the test. */
export function problems(
  rule: Rule,
  judged: Synthesized,
  known = facts(judged.environment),
): readonly Problem[] {
  const verdict = rule.check(judged, known);
  if (verdict.status === 'not-applicable') throw new Error(`not applicable: ${verdict.reason}`);
  return verdict.status === 'findings' ? verdict.problems : [];
}

export function status(rule: Rule, judged: Synthesized, known = facts(judged.environment)): string {
  return rule.check(judged, known).status;
}
