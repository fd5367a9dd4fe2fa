import { CLUSTER } from '../../audit/stack/azurerm';
import type { Json } from '../../audit/stack/synthesized';
import { explainChange } from '../../audit/difference/meanings';
import type { GuardContext, Verdict } from './finding';
import type { ResourceChange } from './plan-json';
import { isUnknown, shownValue, valueText } from './values';

/** What a change of one argument of a cluster amounts to, and what to do instead; undefined where it is harmless. */
type Guard = (
  change: ClusterChange,
) => (Omit<Verdict, 'values' | 'why'> & { readonly why?: string }) | undefined;

interface ClusterChange {
  readonly from: Json;
  readonly to: Json;
  /** The service goes this way never: it says so only after the apply has begun. */
  readonly refused: boolean;
  readonly before: Readonly<Record<string, Json>>;
  /** `from`, fit to be shown. */
  readonly shown: Json;
}

const KEEP = 'put the config back to what the cluster has';

const GUARDS: Readonly<Record<string, Guard>> = {
  node_count: ({ to, shown, refused }) => {
    if (!refused) return undefined;
    if (Number(to) === 1) {
      return { guard: 'single-worker', level: 'never', wayOut: 'ask for no workers, or for 2 to 20' };
    }
    const wayOut = `${KEEP}, ${valueText(shown)} workers; a smaller cluster is a new one, filled by a dump or by logical replication`;
    if (Number(to) === 0) return { guard: 'back-to-one-node', level: 'never', wayOut };
    return { guard: 'fewer-workers', level: 'never', wayOut };
  },
  coordinator_storage_quota_in_mb: ({ refused, shown }) =>
    refused ? { guard: 'less-coordinator-storage', level: 'never', wayOut: storage(shown) } : undefined,
  node_storage_quota_in_mb: ({ refused, shown, before }) =>
    // Without workers the size is a note for later, and costs nothing to change.
    refused && Number(before['node_count'] ?? 0) > 0
      ? { guard: 'less-worker-storage', level: 'never', wayOut: storage(shown) }
      : undefined,
  coordinator_server_edition: ({ from, to }) => toBurstable(from, to),
  node_server_edition: ({ from, to }) => toBurstable(from, to),
  sql_version: ({ refused, shown }) =>
    refused
      ? {
          guard: 'postgres-downgrade',
          level: 'never',
          wayOut: `${KEEP}, postgresVersion ${valueText(shown)}`,
        }
      : {
          guard: 'postgres-upgrade',
          level: 'needs-yes',
          wayOut: `rehearse it on a restored copy, plan the downtime, and then allow it; or ${KEEP}, postgresVersion ${valueText(shown)}`,
        },
  citus_version: ({ refused, shown }) =>
    refused
      ? { guard: 'citus-downgrade', level: 'never', wayOut: `${KEEP}, citusVersion "${valueText(shown)}"` }
      : {
          guard: 'citus-upgrade',
          level: 'needs-yes',
          wayOut: `rehearse it on a restored copy, plan the downtime, and then allow it; or ${KEEP}, citusVersion "${valueText(shown)}"`,
        },
  coordinator_public_ip_access_enabled: ({ to }) => {
    if (to === true) {
      return {
        guard: 'open-coordinator',
        level: 'needs-yes',
        wayOut: 'keep network.access: private; or allow it, and list narrow ranges under network.allow',
      };
    }
    if (to !== false) return undefined;
    return {
      guard: 'close-coordinator',
      level: 'needs-yes',
      wayOut:
        'see that the subnet of network.subnetId is there and that clients reach it: the endpoint is made after the public address is gone, and where it fails nobody reaches the cluster; then allow it',
    };
  },
  node_public_ip_access_enabled: ({ to }) => (to === true ? OPEN_WORKERS : undefined),
  ha_enabled: ({ from, to }) =>
    from === true && to === false
      ? {
          guard: 'standbys-removed',
          level: 'note',
          wayOut: 'keep highAvailability: true where an hour of downtime matters',
        }
      : undefined,
};

const OPEN_WORKERS = {
  guard: 'open-workers',
  level: 'needs-yes',
  wayOut: 'leave it off: clients and rebalances need the coordinator alone',
} as const;

/** What an update in place of a cluster does that nobody takes back, and what the service would refuse half-way. */
export function clusterUpdates(change: ResourceChange): readonly Verdict[] {
  if (change.type !== CLUSTER || change.actions.join() !== 'update') return [];
  const { before, after } = change;
  if (before === null || after === null) return [];
  return Object.entries(GUARDS).flatMap(([attribute, guard]): Verdict[] => {
    const from = before[attribute] ?? null;
    const to = after[attribute] ?? null;
    const shown = shownValue(change, attribute);
    const values = [shown];
    if (isUnknown(change, attribute)) {
      return [
        {
          guard: `unknown-${attribute.replaceAll('_', '-')}`,
          level: 'needs-yes',
          values,
          why: `what ${attribute} becomes only the apply would tell, so no guard can judge it`,
          wayOut: 'write the value out in the config',
        },
      ];
    }
    if (JSON.stringify(from) === JSON.stringify(to)) return [];
    const meaning = explainChange(CLUSTER, attribute, from, to);
    const verdict = guard({ from, to, refused: meaning.refused === true, before, shown: shown.before });
    return verdict === undefined ? [] : [{ why: meaning.words, ...verdict, values }];
  });
}

/** A new cluster whose workers anybody can reach, which no config of this project asks for. */
export function openFromTheStart(change: ResourceChange): readonly Verdict[] {
  if (change.type !== CLUSTER || !change.actions.includes('create')) return [];
  if (change.after?.['node_public_ip_access_enabled'] !== true) return [];
  const values = [shownValue(change, 'node_public_ip_access_enabled')];
  return [{ ...OPEN_WORKERS, values, why: 'workers get public addresses' }];
}

/** A cluster that would be created although it was there before: the state that held it is another one, or empty. */
export function unknownToTheState(change: ResourceChange, { adopted }: GuardContext): readonly Verdict[] {
  if (!adopted || change.type !== CLUSTER || !change.actions.includes('create')) return [];
  return [
    {
      guard: 'not-in-the-state',
      level: 'never',
      values: [shownValue(change, 'name')],
      why: 'the config says that the cluster is imported, and this state does not hold it: it would be created anew',
      wayOut:
        'look whether state names the right place; if the state is lost, take imported: true out of cluster.origin, and the next deploy imports the cluster again',
    },
  ];
}

function toBurstable(from: Json, to: Json): ReturnType<Guard> {
  if (isBurstable(from) || !isBurstable(to)) return undefined;
  return {
    guard: 'regular-to-burstable',
    level: 'never',
    why: 'the service refuses: a burstable cluster becomes a regular one, never the other way',
    wayOut: `${KEEP}, burstable: false; a burstable copy is a new cluster, filled by a dump`,
  };
}

function isBurstable(edition: Json): boolean {
  return typeof edition === 'string' && edition.startsWith('Burstable');
}

function storage(shown: Json): string {
  const kept = typeof shown === 'number' ? `, storageGiB: ${shown / 1024}` : '';
  return `${KEEP}${kept}; less storage is a new cluster, filled by a dump or by logical replication`;
}
