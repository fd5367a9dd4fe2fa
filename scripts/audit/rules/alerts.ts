import { environmentFile } from '../../../config/file/files';
import { ALERT_RULES } from '../../../config/azure/alert-thresholds';
import { booleanAt } from '../stack/attributes';
import { ACTION_GROUP, METRIC_ALERT } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import { refersTo } from '../stack/references';
import type { Problem, Rule } from '../rule-parts/rule';
import { problemOf, verdictInProduction } from '../rule-parts/rule';
import type { Block, JsonObject, Synthesized } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';

/** What brings a cluster down that nobody looks at. Lag is for replicas alone. */
const { storagePercent, cpuPercent, memoryPercent, connectionsPercent } = ALERT_RULES;
const METRICS = [storagePercent, cpuPercent, memoryPercent, connectionsPercent].map(({ metric }) => metric);

const NODE = 'ServerName';
/** Kinds of receivers of an action group: whoever or whatever is told. */
const RECEIVER = /_receiver$/;

/** A warning: other tools watch metrics too, where no stack shows it. */
export const alerts: Rule = {
  id: 'alerts',
  level: 'warning',
  hardening: 'all',
  property: `In production somebody is told when a node is short of ${['storage', 'cpu', 'memory', 'connections'].join(', ')}, each node by itself.`,
  why: 'A full node turns read-only before anybody looks.',
  remedy: 'Set monitoring.alerts.',
  controls: ['MCSB LT-1', 'MCSB IR-2'],
  check: (stack, facts) =>
    verdictInProduction(stack, facts, (clusters) => clusters.flatMap((cluster) => watched(stack, cluster))),
};

function watched(stack: Synthesized, cluster: Block): readonly Problem[] {
  const live = resourcesOf(stack, METRIC_ALERT).filter(({ body }) => isOn(body) && covers(body, cluster));
  return METRICS.flatMap((metric) => {
    const candidates = live.filter(({ body }) => criteria(body, metric).length > 0);
    const first = candidates[0];
    if (first === undefined) {
      return [
        problemOf(
          cluster,
          metric,
          `no alert watches ${metric} of this cluster: set monitoring.alerts in ${environmentFile(stack.environment)}`,
        ),
      ];
    }
    const perNode = candidates.filter(({ body }) => criteria(body, metric).some(isPerNode));
    if (perNode.length === 0) {
      return [
        problemOf(
          first,
          `${metric}:per-node`,
          `the alert on ${metric} takes all nodes together, and the one hot node disappears in their average: split it by the dimension ${NODE}`,
        ),
      ];
    }
    if (perNode.some(({ body }) => tells(stack, body))) return [];
    return [
      problemOf(
        first,
        `${metric}:nobody`,
        `the alert on ${metric} tells nobody: give it an action group of this stack with a receiver`,
      ),
    ];
  });
}

function isOn(body: JsonObject): boolean {
  const enabled = booleanAt(body, 'enabled');
  return enabled.state === 'absent' || (enabled.state === 'value' && enabled.value);
}

function covers(body: JsonObject, cluster: Block): boolean {
  const { scopes } = body;
  return Array.isArray(scopes) && scopes.some((each) => refersTo(each, cluster));
}

function criteria(body: JsonObject, metric: string): readonly JsonObject[] {
  return blocksAt(body, 'criteria').filter((each) => each['metric_name'] === metric);
}

function isPerNode(criterion: JsonObject): boolean {
  return blocksAt(criterion, 'dimension').some((each) => each['name'] === NODE);
}

function tells(stack: Synthesized, body: JsonObject): boolean {
  const groups = resourcesOf(stack, ACTION_GROUP).filter(
    (group) =>
      isOn(group.body) &&
      Object.keys(group.body).some((name) => RECEIVER.test(name) && blocksAt(group.body, name).length > 0),
  );
  return blocksAt(body, 'action').some((action) =>
    groups.some((group) => refersTo(action['action_group_id'], group)),
  );
}
