import { criteriaProblems } from '../rule-parts/alert-criteria';
import type { Problem, Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import { METRIC_ALERT } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import type { Block } from '../stack/synthesized';

export const alertDimension: Rule = {
  id: 'alert-dimension',
  level: 'error',
  hardening: 'all',
  property: 'An alert watches every node by itself.',
  why: 'The one hot node disappears in the average, or is not among those that are named.',
  remedy: 'Split it by ServerName, with Include and *.',
  controls: ['MCSB LT-1'],
  check: (stack) =>
    verdictOn(stack, METRIC_ALERT, 'the stack holds no alert', (alerts) => alerts.flatMap(judge)),
};

function judge(alert: Block): readonly Problem[] {
  return criteriaProblems(
    alert,
    (criterion) => {
      const dimensions = blocksAt(criterion, 'dimension');
      const isAll =
        dimensions.length === 1 &&
        dimensions.every(
          (each) =>
            each['name'] === 'ServerName' &&
            each['operator'] === 'Include' &&
            JSON.stringify(each['values']) === '["*"]',
        );
      return isAll ? undefined : 'dimension is not every node by itself: set it to ServerName, Include and *';
    },
    'dimension',
  );
}
