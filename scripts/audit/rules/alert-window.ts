import { expectWord } from '../rule-parts/expectations';
import type { Problem, Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import { METRIC_ALERT } from '../stack/azurerm';
import type { Block } from '../stack/synthesized';

export const alertWindow: Rule = {
  id: 'alert-window',
  level: 'error',
  property: 'An alert looks every few minutes at an hour at most, and is graver than verbose.',
  why: 'An average over a day, or a look an hour later, comes when the node is full.',
  remedy: 'Set frequency to PT5M and window_size to PT15M or PT30M.',
  controls: ['MCSB LT-1'],
  check: (stack) =>
    verdictOn(stack, METRIC_ALERT, 'the stack holds no alert', (alerts) => alerts.flatMap(judge)),
};

const FREQUENCIES = ['PT1M', 'PT5M', 'PT15M'];
const WINDOWS = ['PT1M', 'PT5M', 'PT15M', 'PT30M', 'PT1H'];

function judge(alert: Block): readonly Problem[] {
  const unless = (argument: string, wanted: readonly string[], why: string): readonly Problem[] =>
    (alert.body[argument] ?? null) === null ? [] : expectWord(alert, argument, wanted, why);
  return [
    ...unless('frequency', FREQUENCIES, `look every few minutes: ${FREQUENCIES.join(', ')}`),
    ...unless('window_size', WINDOWS, `an average over more hides what happens now: ${WINDOWS.join(', ')}`),
    ...unless('severity', ['0', '1', '2', '3'], 'nobody is woken by it: 0 to 3'),
  ];
}
