import { strangers } from '../rule-parts/own-references';
import type { Rule } from '../rule-parts/rule';
import { verdict } from '../rule-parts/rule';
import { CLUSTER, ROLE } from '../stack/azurerm';

export const roleOwner: Rule = {
  id: 'role-owner',
  level: 'error',
  hardening: 'all',
  property: 'A database role is one of the cluster of its stack.',
  why: 'A stack would hand out logins to another database.',
  remedy: 'Name the cluster of the stack.',
  controls: ['MCSB PA-7'],
  check: (stack) =>
    verdict(
      strangers(stack, 'cluster_id', {
        types: [ROLE],
        targets: [CLUSTER],
        why: 'a stack makes roles of its own cluster and of no other',
      }),
    ),
};
