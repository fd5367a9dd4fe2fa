import { booleanAt, describeGap, numberAt } from '../stack/attributes';
import { CLUSTER, NO_CLUSTER } from '../stack/azurerm';
import type { Problem, Rule } from '../rule-parts/rule';
import { notApplicable, problemAt, verdict } from '../rule-parts/rule';
import type { Block } from '../stack/synthesized';
import { isObject, resourcesOf } from '../stack/synthesized';

const HIGH_AVAILABILITY = 'ha_enabled';
const WINDOW = 'maintenance_window';

export const availability: Rule = {
  id: 'availability',
  level: 'error',
  property: 'In production every node has a standby, and maintenance happens in a window somebody chose.',
  check(stack, facts) {
    const clusters = resourcesOf(stack, CLUSTER);
    if (clusters.length === 0) return notApplicable(NO_CLUSTER);
    if (!facts.production) return notApplicable('the environment is not production');
    return verdict(
      clusters.flatMap((cluster) => [...standby(cluster), ...window(cluster, stack.environment)]),
    );
  },
};

function standby(cluster: Block): readonly Problem[] {
  const reading = booleanAt(cluster.body, HIGH_AVAILABILITY);
  if (reading.state === 'value' && reading.value) return [];
  const what = reading.state === 'value' ? 'is false' : describeGap(reading);
  return [
    problemAt(
      cluster,
      HIGH_AVAILABILITY,
      `${HIGH_AVAILABILITY} ${what}: a node that fails takes its shards with it until it is rebuilt. Set cluster.highAvailability to true; it doubles the cost of the nodes and can be switched on in place`,
    ),
  ];
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
