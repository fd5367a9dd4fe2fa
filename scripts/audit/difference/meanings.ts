import {
  CLUSTER,
  CLUSTERS,
  ELASTIC_CLUSTER,
  ELASTIC_CONFIGURATION,
  FIREWALL_RULES,
  KEY_VAULT,
  MANAGEMENT_LOCK,
  METRIC_ALERT,
  RESOURCE_GROUP,
  ROLE,
  STORAGE_ACCOUNT,
} from '../stack/azurerm';
import type { Json } from '../stack/synthesized';
import { isObject } from '../stack/synthesized';

/** What an argument's change means on this service, beyond its two values. */
export interface Meaning {
  /** The rest of a sentence that begins with the two values. */
  readonly words: string;
  /** True where the apply would fail: the service does not go this way. */
  readonly refused?: boolean;
}

type Explain = (before: Json | undefined, after: Json | undefined) => Meaning | undefined;

/** Meanings of one environment changing, by argument of the cluster. */
const CLUSTER_CHANGES: Readonly<Record<string, Explain>> = {
  node_count: (before, after) => {
    const from = Number(before ?? 0);
    const to = Number(after ?? 0);
    if (Number.isNaN(from) || Number.isNaN(to))
      return means('whether nodes are added only an apply can tell');
    if (to === 1) return refuses('the service knows no cluster with a single worker: 0, or 2 to 20');
    if (to > from) {
      return means(
        'nodes are added in place without downtime; no data moves until tables are distributed or rebalanced',
      );
    }
    return refuses(
      to === 0
        ? 'a cluster with workers never becomes a single node again'
        : 'workers are only ever added; fewer need a support ticket and a drain',
    );
  },
  shards_on_coordinator_enabled: (_, after) =>
    after === false
      ? means('the coordinator takes no new shards; those it has stay until a rebalance moves them')
      : means('the coordinator may hold shards; none move there until a rebalance'),
  sql_version: upgrade('PostgreSQL'),
  citus_version: upgrade('Citus'),
  coordinator_vcore_count: () =>
    means('the coordinator fails over: connections break once, for seconds to minutes'),
  node_vcores: () => means('every worker fails over in turn: connections break for seconds to minutes'),
  coordinator_storage_quota_in_mb: storage,
  node_storage_quota_in_mb: storage,
  coordinator_server_edition: () => means('the coordinator moves to another kind of machine: it fails over'),
  node_server_edition: () => means('the workers move to another kind of machine: they fail over'),
  ha_enabled: (_, after) =>
    after === true
      ? means('every node gets a standby, in place; the nodes cost twice as much')
      : means('the standbys are removed: a node that fails is down until it is rebuilt'),
  coordinator_public_ip_access_enabled: (_, after) =>
    after === true
      ? means('the coordinator gets a public address; the firewall rules become its gate')
      : means('the coordinator loses its public address: clients need a private endpoint'),
  node_public_ip_access_enabled: (_, after) =>
    means(after === true ? 'workers get public addresses' : 'workers lose their public addresses'),
  administrator_login_password: () => means('the password of the login role is changed in place'),
  maintenance_window: () => means('Azure maintains the nodes at another time'),
};

/** The same of an elastic cluster. What replaces the server is told elsewhere, as a replacement. */
const ELASTIC_CHANGES: Readonly<Record<string, Explain>> = {
  cluster: (before, after) => {
    const [from, to] = [sizeOf(before), sizeOf(after)];
    if (to > from) {
      return means(
        'nodes are added in place without downtime; no data moves until tables are distributed or rebalanced',
      );
    }
    return refuses('nodes are only ever added, and the database keeps its name');
  },
  version: () => refuses('an elastic cluster has no major upgrade'),
  sku_name: () =>
    means('every node moves to another machine: it restarts, and connections break for minutes'),
  storage_mb: (before, after) =>
    Number(after ?? 0) < Number(before ?? 0)
      ? refuses('storage only ever grows')
      : means('storage grows, which restarts every node, and never shrinks again'),
  high_availability: (_, after) =>
    isPresent(after)
      ? means('every node gets a standby, in place; the nodes cost twice as much')
      : means('the standbys are removed: a node that fails is down until it is rebuilt'),
  public_network_access_enabled: (_, after) =>
    after === true
      ? means('the cluster gets a public endpoint; the firewall rules become its gate')
      : means('the cluster loses its public endpoint: clients need a private one'),
  administrator_password_wo: () => means('Terraform sends it when its version changes, and never else'),
  administrator_password_wo_version: () => means('the password of the administrator is changed in place'),
  backup_retention_days: (before, after) =>
    Number(after ?? 0) < Number(before ?? 0)
      ? means('backups that are older than that are deleted')
      : means('backups are kept for longer from now on'),
  maintenance_window: () => means('Azure maintains the nodes at another time'),
};

const CHANGES: Readonly<Record<string, Readonly<Record<string, Explain>>>> = {
  [CLUSTER]: CLUSTER_CHANGES,
  [ELASTIC_CLUSTER]: ELASTIC_CHANGES,
  [ELASTIC_CONFIGURATION]: {
    value: () =>
      means('changed in place; a parameter that PostgreSQL reads when it starts restarts the server'),
  },
};

/** Why a difference is worth a look when two environments are held side by side. */
const CLUSTER_COMPARISONS: Readonly<Record<string, string>> = {
  node_count: 'the shards lie on another number of nodes, so plans and rebalances differ',
  shards_on_coordinator_enabled: 'shards are spread over another set of nodes',
  sql_version: 'what was proved on one PostgreSQL version is not proved on the other',
  citus_version: 'what was proved on one Citus version is not proved on the other',
  ha_enabled: 'only one of them survives the loss of a node without a rebuild',
  coordinator_public_ip_access_enabled: 'clients reach the coordinator in another way',
  node_public_ip_access_enabled: 'one of them lets the internet reach its workers',
};

const COMPARISONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [CLUSTER]: CLUSTER_COMPARISONS,
  [ELASTIC_CLUSTER]: {
    cluster: 'the shards lie on another number of nodes, or in a database of another name',
    sku_name: 'one of them has other machines, so what was measured on one is not measured on the other',
    version: 'what was proved on one PostgreSQL version is not proved on the other',
    high_availability: 'only one of them survives the loss of a node without a rebuild',
    public_network_access_enabled: 'clients reach the cluster in another way',
  },
};

/** What it means that an argument of one environment changes. */
export function explainChange(
  type: string,
  path: string,
  before: Json | undefined,
  after: Json | undefined,
): Meaning {
  const argument = path.split('.')[0] ?? '';
  const explained = CHANGES[type]?.[argument]?.(before, after);
  if (explained !== undefined) return explained;
  if (path === 'lifecycle.prevent_destroy') {
    return means(
      after === true
        ? 'Terraform refuses to destroy the resource'
        : 'Terraform may destroy the resource: its last protection against that goes',
    );
  }
  if (argument === 'tags') return means('a tag, changed in place');
  if (type === 'terraform' && argument === 'backend') {
    return means(
      'the state lies elsewhere: without terraform init -migrate-state everything is created again',
    );
  }
  if (type === 'output') return means('what the scripts read of the environment');
  if (FIREWALL_RULES.includes(type)) return means('takes up to 5 minutes to take effect');
  return means('changed in place');
}

/** What it means that two environments hold different values. */
export function explainComparison(type: string, path: string): string {
  return COMPARISONS[type]?.[path.split('.')[0] ?? ''] ?? '';
}

/** What goes with a resource that disappears, where that is more than the resource. */
const LOSSES: Readonly<Record<string, string>> = {
  [RESOURCE_GROUP]: 'the resource group is destroyed with everything in it',
  [ROLE]: 'the role is dropped with its grants, which fails while it owns anything',
  [MANAGEMENT_LOCK]: 'whoever has rights on the resource can delete it again',
  [KEY_VAULT]: 'the vault is deleted; it can be brought back for 90 days, and its name is taken for as long',
  [STORAGE_ACCOUNT]: 'the account is destroyed with every state in it',
  [METRIC_ALERT]: 'nobody is told of it any more',
};

/** What it means that a resource appears in, or disappears from, an environment. */
export function explainResource(type: string, appears: boolean): string {
  if (CLUSTERS.includes(type)) {
    return appears
      ? 'a cluster is created, which takes about 17 minutes'
      : 'the cluster is destroyed with its data and its backups; it cannot be restored';
  }
  if (FIREWALL_RULES.includes(type)) {
    return appears
      ? 'more addresses are let in, within 5 minutes'
      : 'addresses are shut out, within 5 minutes';
  }
  if (!appears) return LOSSES[type] ?? 'destroyed';
  return 'created';
}

function upgrade(product: string): Explain {
  return (before, after) =>
    compareVersions(after, before) < 0
      ? refuses(`${product} never goes back to an older version`)
      : means(
          `a major upgrade of ${product}, with downtime and no way back, which a Terraform plan shows as a plain update in place`,
        );
}

function storage(before: Json | undefined, after: Json | undefined): Meaning {
  return Number(after ?? 0) < Number(before ?? 0)
    ? refuses('storage only ever grows')
    : means('storage grows in place, and never shrinks again');
}

/** Nodes, of the block of an elastic cluster or of a value within it. */
function sizeOf(value: Json | undefined): number {
  const block = Array.isArray(value) ? (value as readonly Json[])[0] : value;
  return Number((isObject(block) ? block['size'] : block) ?? 0);
}

/** Terraform's plans have an empty list where a block is absent. */
function isPresent(block: Json | undefined): boolean {
  return block !== undefined && block !== null && !(Array.isArray(block) && block.length === 0);
}

function compareVersions(a: Json | undefined, b: Json | undefined): number {
  const [x, y] = [a, b].map((version) =>
    (typeof version === 'object' ? '' : String(version)).split('.').map(Number),
  );
  const length = Math.max(x?.length ?? 0, y?.length ?? 0);
  for (let index = 0; index < length; index += 1) {
    const difference = (x?.[index] ?? 0) - (y?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function means(words: string): Meaning {
  return { words };
}

function refuses(words: string): Meaning {
  return { words: `the service refuses: ${words}`, refused: true };
}
