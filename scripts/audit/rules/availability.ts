import { describeGap, numberAt } from '../stack/attributes';
import type { Problem, Rule } from '../rule-parts/rule';
import { expectFlag } from '../rule-parts/expectations';
import { problemAt, verdictInProduction } from '../rule-parts/rule';
import { CLUSTER_PASSWORD, keepsUnknownPassword } from '../stack/ignored-changes';
import type { Block } from '../stack/synthesized';
import { isObject } from '../stack/synthesized';

const WINDOW = 'maintenance_window';

export const availability: Rule = {
  id: 'availability',
  level: 'error',
  hardening: 'all',
  property:
    'In production every node has a standby, but for those of a read replica, which can have none, and maintenance happens in a window somebody chose.',
  check: (stack, facts) =>
    verdictInProduction(stack, facts, (clusters) =>
      clusters.flatMap((cluster) => [
        ...(follows(cluster)
          ? []
          : expectFlag(
              cluster,
              'ha_enabled',
              true,
              `a node that fails takes its shards with it until it is rebuilt. Set cluster.highAvailability to true; it doubles the cost of the nodes and can be switched on in place${keepsUnknownPassword(cluster) ? '. An adopted read replica can have none, and nothing here tells it from others: waive it' : ''}`,
            )),
        ...window(cluster, stack.environment),
      ]),
    ),
};

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
        `${WINDOW} is not set, so Azure restarts nodes on a day of its own choosing: set cluster.maintenanceWindow in config/environments/${environment}.yaml`,
      ),
    ];
  }
  return (['day_of_week', 'start_hour'] as const).flatMap((name) => {
    const reading = numberAt(block, name);
    if (reading.state === 'value') return [];
    return [problemAt(cluster, WINDOW, `${WINDOW}.${name} ${describeGap(reading)}: say which day and hour`)];
  });
}
