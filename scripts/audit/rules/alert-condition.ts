import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, verdictOn, valueText } from '../rule-parts/rule';
import { METRIC_ALERT } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import type { Block, JsonObject } from '../stack/synthesized';

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
    ...criteria(
      alert,
      (each) =>
        each['operator'] === 'GreaterThan' || each['operator'] === 'GreaterThanOrEqual'
          ? undefined
          : `operator is ${valueText('', each['operator'])}: a shortage is more than the threshold. Set it to GreaterThan`,
      'operator',
    ),
    ...criteria(
      alert,
      (each) =>
        each['aggregation'] === 'Average' || each['aggregation'] === 'Maximum'
          ? undefined
          : `aggregation is ${valueText('', each['aggregation'])}, which says nothing of how full a node is. Set it to Average`,
      'aggregation',
    ),
  ];
}

function criteria(
  alert: Block,
  check: (criterion: JsonObject) => string | undefined,
  id: string,
): readonly Problem[] {
  return blocksAt(alert.body, 'criteria').flatMap((criterion) => {
    const problem = check(criterion);
    return problem === undefined ? [] : [problemAt(alert, 'criteria', problem, { check: id })];
  });
}
