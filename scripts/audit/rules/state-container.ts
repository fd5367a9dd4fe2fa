import { strangers } from '../rule-parts/own-references';
import { expectPreventDestroy } from '../rule-parts/expectations';
import type { Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import { STORAGE_ACCOUNT, STORAGE_CONTAINER } from '../stack/azurerm';

export const stateContainer: Rule = {
  id: 'state-container',
  level: 'error',
  property: 'A container of states lies in the account of its stack and cannot be destroyed by a plan.',
  why: 'A plan that replaces it drops every state in it.',
  remedy: 'Set lifecycle.prevent_destroy to true.',
  controls: ['MCSB BR-2'],
  check: (stack) =>
    verdictOn(stack, STORAGE_CONTAINER, 'the stack holds no container', (containers) => [
      ...strangers(stack, 'storage_account_id', {
        types: [STORAGE_CONTAINER],
        targets: [STORAGE_ACCOUNT],
        why: 'a container lies in the account that is guarded',
      }),
      ...containers.flatMap((container) =>
        expectPreventDestroy(
          container,
          'a plan that replaces the container drops every state in it. Set it to true',
        ),
      ),
    ]),
};
