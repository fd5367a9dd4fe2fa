import { strangers } from '../rule-parts/own-references';
import { expectUnset } from '../rule-parts/expectations';
import type { Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import { WORKSPACE, DIAGNOSTIC_SETTING } from '../stack/azurerm';

export const diagnosticSink: Rule = {
  id: 'diagnostic-sink',
  level: 'error',
  property: 'Logs go to the workspace of the stack, and nowhere else.',
  why: 'Whoever reads the logs reads statements with data in them, and who signs in from where.',
  remedy: 'Send them to the workspace of the stack.',
  controls: ['MCSB LT-5', 'MCSB DP-8'],
  check: (stack) =>
    verdictOn(stack, DIAGNOSTIC_SETTING, 'the stack sends no logs', (settings) => [
      ...strangers(stack, 'log_analytics_workspace_id', {
        types: [DIAGNOSTIC_SETTING],
        targets: [WORKSPACE],
        why: 'logs go to the workspace of the stack',
      }),
      ...settings.flatMap((setting) =>
        expectUnset(
          setting,
          [
            'storage_account_id',
            'eventhub_authorization_rule_id',
            'eventhub_name',
            'partner_solution_id',
            'marketplace_partner_resource_id',
          ],
          'a second copy of the logs goes where no rule looks. Take it away',
        ),
      ),
    ]),
};
