import { ALERT_RULES } from '../../../config/azure/alert-thresholds';
import { criteriaProblems } from '../rule-parts/alert-criteria';
import type { Problem, Rule } from '../rule-parts/rule';
import { verdictOn, valueText } from '../rule-parts/rule';
import { numberAt, describe, textOf } from '../stack/attributes';
import { METRIC_ALERT } from '../stack/azurerm';
import type { Block } from '../stack/synthesized';

export const alertThreshold: Rule = {
  id: 'alert-threshold',
  level: 'error',
  property: 'An alert has a threshold that its metric can reach.',
  why: 'An alert that never comes looks like a cluster that is well.',
  remedy: 'Set monitoring.alerts.thresholds to what can be reached.',
  controls: ['MCSB LT-1'],
  check: (stack) =>
    verdictOn(stack, METRIC_ALERT, 'the stack holds no alert', (alerts) => alerts.flatMap(judge)),
};

/** The metric as the service counts it; connections are counted, and told in percent in the file. */
const MOST_CONNECTIONS = 5000;
/** The lag is told in milliseconds. */
const LONGEST_LAG = ALERT_RULES.replicationLagSeconds.most * 1000;
const MOST: Readonly<Record<string, number>> = {
  [ALERT_RULES.connectionsPercent.metric]: MOST_CONNECTIONS,
  [ALERT_RULES.replicationLagSeconds.metric]: LONGEST_LAG,
};

function judge(alert: Block): readonly Problem[] {
  return criteriaProblems(
    alert,
    (criterion) => {
      const { metric_name: metric } = criterion;
      const threshold = numberAt(criterion, 'threshold');
      const most = MOST[textOf(metric)] ?? 99;
      if (threshold.state === 'value' && threshold.value >= 1 && threshold.value <= most) return undefined;
      return `the threshold of ${valueText('', metric)} ${describe(threshold)}: it is from 1 to ${String(most)}, or the alert never comes, or never ends`;
    },
    'threshold',
  );
}
