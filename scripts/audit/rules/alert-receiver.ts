import { resourcesOf } from '../stack/synthesized';
import { isOwn } from '../rule-parts/own-references';
import type { Rule } from '../rule-parts/rule';
import { problemAt, verdict, valueText } from '../rule-parts/rule';
import { booleanAt, describe, textOf } from '../stack/attributes';
import { ACTION_GROUP, METRIC_ALERT } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';

export const alertReceiver: Rule = {
  id: 'alert-receiver',
  level: 'error',
  property: 'An alert tells people by mail, and nobody else.',
  why: 'A webhook sends what happens here to a stranger; an alert without an address tells nobody.',
  remedy: 'List addresses under monitoring.alerts.emails.',
  controls: ['MCSB LT-1', 'MCSB IR-2'],
  check: (stack) =>
    verdict([
      ...resourcesOf(stack, ACTION_GROUP).flatMap((group) => {
        const mails = blocksAt(group.body, 'email_receiver');
        const enabled = booleanAt(group.body, 'enabled');
        return [
          ...(mails.length > 0
            ? []
            : [problemAt(group, 'email_receiver', 'email_receiver is empty: the alert tells nobody')]),
          ...mails
            .filter((each) => !MAIL.test(textOf(each['email_address'])))
            .map((each) =>
              problemAt(
                group,
                'email_receiver',
                `email_address is ${valueText('', each['email_address'])}, which is no address`,
                { check: 'address' },
              ),
            ),
          ...(enabled.state === 'absent' || (enabled.state === 'value' && enabled.value)
            ? []
            : [problemAt(group, 'enabled', `enabled ${describe(enabled)}: the group tells nobody`)]),
          ...Object.keys(group.body)
            .filter((name) => name.endsWith('_receiver') && name !== 'email_receiver')
            .map((name) =>
              problemAt(
                group,
                name,
                `${name} sends what happens here to something no rule knows: tell people by mail`,
              ),
            ),
        ];
      }),
      ...resourcesOf(stack, METRIC_ALERT).flatMap((alert) => {
        const actions = blocksAt(alert.body, 'action');
        const enabled = booleanAt(alert.body, 'enabled');
        const isOurs =
          actions.length > 0 &&
          actions.every((each) => isOwn(stack, each['action_group_id'], [ACTION_GROUP]));
        return [
          ...(isOurs
            ? []
            : [
                problemAt(
                  alert,
                  'action',
                  'action names no action group of this stack alone: tell those whom the file names',
                ),
              ]),
          ...(enabled.state === 'absent' || (enabled.state === 'value' && enabled.value)
            ? []
            : [problemAt(alert, 'enabled', `enabled ${describe(enabled)}: the alert never comes`)]),
        ];
      }),
    ]),
};

const MAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;
