import { textOf } from '../stack/attributes';
import { ALERT_RULES } from '../../../config/azure/alert-thresholds';
import { SERVICE_FACTS } from '../../../config/azure/postgres-services';
import { isOwn } from '../rule-parts/own-references';
import { criteriaProblems } from '../rule-parts/alert-criteria';
import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, verdictOn, valueText } from '../rule-parts/rule';
import { ELASTIC_CLUSTER, METRIC_ALERT, CLUSTERS } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import type { Block, Json, Synthesized } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';

export const alertScope: Rule = {
  id: 'alert-scope',
  level: 'error',
  property: 'An alert watches the cluster of its stack, by a metric of the service.',
  why: 'An alert on something else looks as if the cluster was watched.',
  remedy: 'Set scopes to the cluster, and the namespace to that of its service.',
  controls: ['MCSB LT-1'],
  check: (stack) =>
    verdictOn(stack, METRIC_ALERT, 'the stack holds no alert', (alerts) =>
      alerts.flatMap((alert) => judge(alert, stack)),
    ),
};

function judge(alert: Block, stack: Synthesized): readonly Problem[] {
  const { scopes } = alert.body;
  const list = Array.isArray(scopes) ? (scopes as readonly Json[]) : [];
  const isOurs = list.length > 0 && list.every((each) => isOwn(stack, each, CLUSTERS));
  const isElastic = resourcesOf(stack, ELASTIC_CLUSTER).length > 0;
  const { metricNamespace } = SERVICE_FACTS[isElastic ? 'elastic-cluster' : 'cosmosdb-postgresql'];
  const known: readonly string[] = Object.values(ALERT_RULES).map(({ metric }) => metric);
  return [
    ...(isOurs
      ? []
      : [
          problemAt(
            alert,
            'scopes',
            `scopes are ${valueText('', scopes)}: set them to the cluster of this stack`,
          ),
        ]),
    ...(blocksAt(alert.body, 'criteria').length === 1
      ? []
      : [
          problemAt(alert, 'criteria', 'criteria is not there once: say what is watched', {
            check: 'criteria',
          }),
        ]),
    ...criteriaProblems(
      alert,
      (each) =>
        textOf(each['metric_namespace']).toLowerCase() === metricNamespace.toLowerCase()
          ? undefined
          : `metric_namespace is ${valueText('', each['metric_namespace'])}: that of the service is ${metricNamespace}`,
      'namespace',
    ),
    ...criteriaProblems(
      alert,
      (each) =>
        known.includes(textOf(each['metric_name']))
          ? undefined
          : `metric_name is ${valueText('', each['metric_name'])}, which no rule knows: name one of ${known.join(', ')}`,
      'metric',
    ),
  ];
}
