import { RESERVED_TAGS } from '../../config/azure/tags';
import { allOf } from '../../config/text/text';
import { isSecretTag } from '../audit/stack/secrets';
import { count } from '../lib/reporter';
import type { Description } from './description';
import type { Found } from './found';

/** Something that the project would have otherwise: a change of its own, after the cluster is adopted. */
export interface Hardening {
  /** The key of the environment's file that says it. */
  readonly setting: string;
  /** What is there, and what the project would have. */
  readonly words: string;
}

/** Something that belongs to the cluster and that Terraform does not manage. */
export interface Unmanaged {
  readonly kind: 'endpoint' | 'lock' | 'diagnostics' | 'alert' | 'replica' | 'left-out';
  readonly name: string;
  readonly words: string;
}

/** Addresses that many people still know by name; the project allows no environment of its own more. */
const FEW_ADDRESSES = 256;

/** What our defaults would change of a cluster, in the order in which it is best done. Pure. */
export function hardeningOf(found: Found, { production }: Pick<Description, 'production'>): Hardening[] {
  const { cluster, isReplica } = found;
  const items: (Hardening | undefined)[] = [
    tagsItem(found),
    ...accessItems(found),
    {
      setting: 'cluster.lockAgainstDeletion',
      words:
        found.locks.length === 0
          ? 'nothing keeps the portal and the CLI from deleting the cluster: lockAgainstDeletion: true adds a lock'
          : `the ${lockNames(found)} was set by hand: lockAgainstDeletion: true adds one that the file names, then that one can go`,
    },
    isReplica
      ? undefined
      : {
          setting: 'keyVault',
          words:
            'no key vault of this project has the password of citus: keyVault makes one and keeps the password there',
        },
    {
      setting: 'monitoring',
      words:
        found.diagnostics.length + found.alerts.length === 0
          ? 'no logs or metrics leave the cluster, and no alert watches it: monitoring adds a workspace and alerts'
          : 'logs, metrics and alerts were set up by hand: monitoring adds a workspace and alerts that the file names, then those can go',
    },
    production && !cluster.highAvailability && !isReplica
      ? {
          setting: 'cluster.highAvailability',
          words:
            'no node has a standby, which production needs: highAvailability: true adds one for each, and doubles the cost of the nodes',
        }
      : undefined,
    cluster.maintenanceWindow === undefined
      ? {
          setting: 'cluster.maintenanceWindow',
          words: 'Azure chooses when nodes restart for updates: maintenanceWindow says a day and an hour',
        }
      : undefined,
  ];
  return items.filter((item): item is Hardening => item !== undefined);
}

function tagsItem({ cluster }: Found): Hardening {
  const has = new Set(Object.keys(cluster.tags).map((name) => name.toLowerCase()));
  const missing = ['owner', 'costCentre'].filter((name) => !has.has(name.toLowerCase()));
  const own = Object.keys(cluster.tags).filter((name) =>
    RESERVED_TAGS.some((tag) => tag.toLowerCase() === name.toLowerCase()),
  );
  const words = [
    `origin.imported: true adds the tags ${allOf([...RESERVED_TAGS])}`,
    ...(missing.length === 0 ? [] : [`then the file needs ${allOf(missing)} as well`]),
    ...(own.length === 0 ? [] : [`then ${allOf(own)} of the file make way for ours`]),
  ];
  return { setting: 'tags', words: words.join(', and ') };
}

/** Tags that look like secrets, as the audit judges them: they are in the file, which people commit. */
export function tellingTags(tags: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(tags)
    .filter(([name, value]) => isSecretTag(name, value))
    .map(([name]) => name);
}

function accessItems({ cluster, rules }: Found): (Hardening | undefined)[] {
  const { coordinator, worker } = cluster;
  if (!coordinator.publicAccess) return [worker.publicAccess ? WORKERS : undefined];
  const azure = rules.filter(({ from, to }) => from === '0.0.0.0' && to === '0.0.0.0');
  const wide = rules.filter((rule) => !azure.includes(rule) && sizeOf(rule) > FEW_ADDRESSES);
  return [
    {
      setting: 'network.access',
      words:
        'the cluster has a public address: access: private with the id of a subnet takes it away and makes a private endpoint',
    },
    azure.length === 0
      ? undefined
      : {
          setting: 'network.allow',
          words: `the rule ${allOf(azure.map(({ name }) => name))} lets in everything that runs on Azure, of every tenant: name addresses instead`,
        },
    ...wide.map((rule): Hardening => ({
      setting: 'network.allow',
      words: `the rule ${rule.name} lets in ${count(sizeOf(rule))} addresses: name the ranges that are really used`,
    })),
    worker.publicAccess ? WORKERS : undefined,
  ];
}

const WORKERS: Hardening = {
  setting: 'network.workerPublicAccess',
  words:
    'workers have public addresses: without workerPublicAccess they have none, and applications use the coordinator',
};

function sizeOf({ from, to }: { readonly from: string; readonly to: string }): number {
  const number = (address: string): number =>
    address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return number(to) - number(from) + 1;
}

function lockNames({ locks }: Found): string {
  return `${locks.length === 1 ? 'lock' : 'locks'} ${allOf(locks.map(({ name }) => name))}`;
}

/** What is there and stays with those who made it. Pure. */
export function unmanagedOf(found: Found, { leftOut }: Pick<Description, 'leftOut'>): Unmanaged[] {
  return [
    ...leftOut.map(({ what, why }): Unmanaged => ({
      kind: 'left-out',
      name: what,
      words: `the ${what}: ${why}`,
    })),
    ...found.endpoints.map(({ name, zones }): Unmanaged => {
      const dns =
        zones.length === 0
          ? ''
          : `, with its address in the DNS ${zones.length === 1 ? 'zone' : 'zones'} ${allOf(zones)}`;
      return { kind: 'endpoint', name, words: `the private endpoint ${name}${dns}` };
    }),
    ...found.locks.map(({ name, level, on }): Unmanaged => ({
      kind: 'lock',
      name,
      words:
        level === 'ReadOnly'
          ? `the lock ${name} (ReadOnly, on ${on}): while it stands, no change of the cluster goes through, and no scaling out`
          : `the lock ${name} (${level}, on ${on})`,
    })),
    ...found.diagnostics.map(({ name, to }): Unmanaged => ({
      kind: 'diagnostics',
      name,
      words: `the diagnostic setting ${name}${to.length === 0 ? '' : `, which sends to ${allOf(to)}`}`,
    })),
    ...found.alerts.map((name): Unmanaged => ({ kind: 'alert', name, words: `the alert ${name}` })),
    ...found.cluster.replicas.map((id): Unmanaged => {
      const name = id.split('/').at(-1) ?? id;
      return { kind: 'replica', name, words: `the replica ${name}, which follows this cluster` };
    }),
  ];
}

/** The cluster in one sentence. Pure. */
export function clusterWords({ cluster, isReplica, rules, roles }: Found): string {
  const { coordinator, worker } = cluster;
  const size = ({ vCores, storageGiB }: typeof coordinator): string =>
    `${String(vCores)} vCores and ${String(storageGiB)} GiB`;
  const nodes =
    cluster.workers === 0
      ? `a single node of ${size(coordinator)}`
      : `a coordinator of ${size(coordinator)} and ${String(cluster.workers)} workers of ${size(worker)} each`;
  const what = [
    nodes,
    `PostgreSQL ${String(cluster.postgresVersion)} with Citus ${cluster.citusVersion}`,
    `in ${cluster.location}`,
    ...(cluster.highAvailability ? ['with standbys'] : []),
    coordinator.publicAccess
      ? `public access with ${String(rules.length)} firewall ${rules.length === 1 ? 'rule' : 'rules'}`
      : 'no public access',
    `${String(roles.length)} ${roles.length === 1 ? 'role' : 'roles'} besides citus`,
  ].join(', ');
  const source = cluster.source?.split('/').at(-1) ?? '';
  const origin =
    source === '' ? '' : isReplica ? ` It is a replica of ${source}.` : ` It was restored from ${source}.`;
  return `${cluster.id.name} is ${what}.${origin}`;
}
