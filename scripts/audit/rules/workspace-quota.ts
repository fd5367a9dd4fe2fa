import { expectWord } from '../rule-parts/expectations';
import type { Rule } from '../rule-parts/rule';
import { problemAt, verdictOn, valueText } from '../rule-parts/rule';
import { numberAt } from '../stack/attributes';
import { WORKSPACE } from '../stack/azurerm';

export const workspaceQuota: Rule = {
  id: 'workspace-quota',
  level: 'error',
  property: 'The workspace takes every log, and its plan is the one that keeps them.',
  why: 'With a daily cap, or for free, the logs of the day of an incident end at noon.',
  remedy: 'Take daily_quota_gb away and set sku to PerGB2018.',
  controls: ['MCSB LT-6'],
  check: (stack) =>
    verdictOn(stack, WORKSPACE, 'the stack holds no workspace', (workspaces) =>
      workspaces.flatMap((workspace) => [
        ...((workspace.body['sku'] ?? null) === null
          ? []
          : expectWord(
              workspace,
              'sku',
              ['PerGB2018'],
              'logs are dropped or kept for days alone. Set it to PerGB2018',
            )),
        ...(numberAt(workspace.body, 'daily_quota_gb').state === 'absent' ||
        workspace.body['daily_quota_gb'] === -1
          ? []
          : [
              problemAt(
                workspace,
                'daily_quota_gb',
                `daily_quota_gb is ${valueText('', workspace.body['daily_quota_gb'])}: beyond it the logs of a day are lost. Take it away`,
              ),
            ]),
      ]),
    ),
};
