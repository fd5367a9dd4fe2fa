import { expectFlag } from '../rule-parts/expectations';
import type { Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import { WORKSPACE } from '../stack/azurerm';

export const workspaceAccess: Rule = {
  id: 'workspace-access',
  level: 'error',
  property: 'The workspace takes logs by Entra ID alone.',
  why: 'Whoever has its key can write log lines that look like ours.',
  remedy: 'Set local_authentication_enabled to false.',
  controls: ['MCSB IM-1', 'MCSB LT-5'],
  check: (stack) =>
    verdictOn(stack, WORKSPACE, 'the stack holds no workspace', (workspaces) =>
      workspaces.flatMap((workspace) =>
        expectFlag(
          workspace,
          'local_authentication_enabled',
          false,
          'whoever has the key of the workspace writes log lines that look like ours. Set it to false',
        ),
      ),
    ),
};
