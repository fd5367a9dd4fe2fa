import { criteriaProblems } from '../rule-parts/alert-criteria';
import type { Problem, Rule } from '../rule-parts/rule';
import { verdictOn, valueText } from '../rule-parts/rule';
import { METRIC_ALERT } from '../stack/azurerm';
import type { Block } from '../stack/synthesized';

export const alertCondition: Rule = {
  id: 'alert-condition',
  level: 'error',
  property: 'An alert tells when the average of a metric is above its threshold.',
  why: 'The other way round, or over another figure, it tells when all is well.',
  remedy: 'Set operator to GreaterThan and aggregation to Average.',
  controls: ['MCSB LT-1'],
  check: (stack) =>
    verdictOn(stack, METRIC_ALERT, 'the stack holds no alert', (alerts) => alerts.flatMap(judge)),
};

function judge(alert: Block): readonly Problem[] {
  return [
    ...criteriaProblems(
      alert,
      (each) =>
        each['operator'] === 'GreaterThan' || each['operator'] === 'GreaterThanOrEqual'
          ? undefined
          : `operator is ${valueText('', each['operator'])}: a shortage is more than the threshold. Set it to GreaterThan`,
      'operator',
    ),
    ...criteriaProblems(
      alert,
      (each) =>
        each['aggregation'] === 'Average' || each['aggregation'] === 'Maximum'
          ? undefined
          : `aggregation is ${valueText('', each['aggregation'])}, which says nothing of how full a node is. Set it to Average`,
      'aggregation',
    ),
  ];
}
