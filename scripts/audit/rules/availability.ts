import { environmentFile } from '../../../config/file/files';
import { describe, describeGap, numberAt, stringAt } from '../stack/attributes';
import { ELASTIC_CLUSTER } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import type { Problem, Rule } from '../rule-parts/rule';
import { expectFlag, expectValue } from '../rule-parts/expectations';
import { problemAt, verdictInProduction } from '../rule-parts/rule';
import { CLUSTER_PASSWORD, keepsUnknownPassword } from '../stack/ignored-changes';
import type { Block } from '../stack/synthesized';
import { isObject } from '../stack/synthesized';

const WINDOW = 'maintenance_window';
const STANDBYS = 'high_availability';
const BACKUPS = 'backup_retention_days';

/** What a mistake takes to be found that happened before a holiday. Clusters of Cosmos DB keep 35 days, always. */
const BACKUP_DAYS = 14;

export const availability: Rule = {
  id: 'availability',
  level: 'error',
  hardening: 'all',
  property:
    'In production every node has a standby, but for those of a read replica, which can have none, backups are kept for 14 days or more, and maintenance happens in a window somebody chose.',
  why: 'A node that fails takes its shards with it, and a late mistake cannot be taken back.',
  remedy: 'Set highAvailability, backupRetentionDays and maintenanceWindow.',
  controls: ['MCSB BR-1'],
  check: (stack, facts) =>
    verdictInProduction(stack, facts, (clusters) =>
      clusters.flatMap((cluster) => [
        ...(cluster.type === ELASTIC_CLUSTER
          ? [...elasticStandbys(cluster), ...backups(cluster, stack.environment)]
          : standbys(cluster)),
        ...window(cluster, stack.environment),
      ]),
    ),
};

const WITHOUT =
  'a node that fails takes its shards with it until it is rebuilt. Set cluster.highAvailability to true; it doubles the cost of the nodes and can be switched on in place';

function standbys(cluster: Block): readonly Problem[] {
  if (follows(cluster)) return [];
  const adopted = keepsUnknownPassword(cluster)
    ? '. An adopted read replica can have none, and nothing here tells it from others: waive it'
    : '';
  return expectFlag(cluster, 'ha_enabled', true, `${WITHOUT}${adopted}`);
}

/** A standby in the same zone survives the loss of a machine, and not that of the zone. */
function elasticStandbys(cluster: Block): readonly Problem[] {
  const [block] = blocksAt(cluster.body, STANDBYS);
  if (block === undefined) return [problemAt(cluster, STANDBYS, `${STANDBYS} is not set: ${WITHOUT}`)];
  const mode = stringAt(block, 'mode');
  if (mode.state === 'value' && mode.value === 'ZoneRedundant') return [];
  return [
    problemAt(
      cluster,
      STANDBYS,
      `${STANDBYS}.mode ${describe(mode)}: ZoneRedundant is the one that survives the loss of a zone. Set cluster.highAvailability to true, which asks for it`,
    ),
  ];
}

function backups(cluster: Block, environment: string): readonly Problem[] {
  return expectValue(
    cluster,
    { argument: BACKUPS, reading: numberAt(cluster.body, BACKUPS) },
    (days) => days >= BACKUP_DAYS,
    `a mistake that is found later than that cannot be taken back. Set cluster.backupRetentionDays in ${environmentFile(environment)} to ${BACKUP_DAYS} or more, up to 35`,
    { level: 'warning' },
  );
}

/** True for a replica that nobody has promoted: it has the password of its source, and the service gives it no standby. */
function follows({ body }: Block): boolean {
  const has = (argument: string): boolean => (body[argument] ?? null) !== null;
  return has('source_resource_id') && !has('point_in_time_in_utc') && !has(CLUSTER_PASSWORD);
}

function window(cluster: Block, environment: string): readonly Problem[] {
  const value = cluster.body[WINDOW];
  const block = Array.isArray(value) ? (value as readonly (typeof value)[])[0] : value;
  if (!isObject(block)) {
    return [
      problemAt(
        cluster,
        WINDOW,
        `${WINDOW} is not set, so Azure restarts nodes on a day of its own choosing: set cluster.maintenanceWindow in ${environmentFile(environment)}`,
      ),
    ];
  }
  return (['day_of_week', 'start_hour'] as const).flatMap((name) => {
    const reading = numberAt(block, name);
    if (reading.state === 'value') return [];
    return [problemAt(cluster, WINDOW, `${WINDOW}.${name} ${describeGap(reading)}: say which day and hour`)];
  });
}
