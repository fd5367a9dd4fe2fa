import type { GuardContext } from '../../../scripts/infra/guards/finding';
import { guardPlan } from '../../../scripts/infra/guards/judge';
import { parsePlan } from '../../../scripts/infra/guards/plan-json';

export const CLUSTER = 'azurerm_cosmosdb_postgresql_cluster';
export const context: GuardContext = {
  constructPath: (address) => `dev/${address.split('.')[1] ?? ''}`,
  imports: new Map(),
  adopted: false,
  missingPasswords: new Map(),
  statedReason: (address, prop) => (address.endsWith('.reasoned') ? `a reason for ${prop}` : undefined),
};

export interface ChangeInput {
  readonly address?: string;
  readonly type?: string;
  readonly mode?: string;
  readonly actions?: readonly string[];
  readonly before?: object | null;
  readonly after?: object | null;
  readonly after_unknown?: unknown;
  readonly before_sensitive?: unknown;
  readonly after_sensitive?: unknown;
  readonly replace_paths?: readonly (readonly string[])[];
  readonly importing?: object | undefined;
}

/** A resource change as Terraform prints it: an update of a cluster unless it says otherwise. */
export function change({
  address,
  type = CLUSTER,
  mode = 'managed',
  actions = ['update'],
  ...rest
}: ChangeInput): object {
  return {
    address: address ?? `${type}.it`,
    type,
    mode,
    change: { actions, before: null, after: null, ...rest },
  };
}

/** A plan as `terraform show -json` prints it. */
export function planText(
  changes: readonly object[],
  drift: readonly object[] = [],
  extra: object = {},
): string {
  return JSON.stringify({
    format_version: '1.2',
    resource_changes: changes,
    resource_drift: drift,
    ...extra,
  });
}

export function findings(changes: readonly object[], drift: readonly object[] = []) {
  return guardPlan(parsePlan(planText(changes, drift)), context);
}

/** `level id` of every finding. */
export function ids(changes: readonly object[], drift: readonly object[] = []): string[] {
  return findings(changes, drift).map(({ level, id }) => `${level} ${id}`);
}

export const CLUSTER_BEFORE = {
  id: '/c',
  name: 'c',
  location: 'westus2',
  node_count: 2,
  coordinator_storage_quota_in_mb: 524_288,
  node_storage_quota_in_mb: 524_288,
  coordinator_server_edition: 'GeneralPurpose',
  node_server_edition: 'MemoryOptimized',
  coordinator_vcore_count: 8,
  sql_version: '15',
  citus_version: '12.1',
  coordinator_public_ip_access_enabled: false,
  node_public_ip_access_enabled: false,
  ha_enabled: true,
};
