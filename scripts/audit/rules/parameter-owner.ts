import { strangers } from '../rule-parts/own-references';
import type { Rule } from '../rule-parts/rule';
import { verdict } from '../rule-parts/rule';
import {
  CLUSTER,
  COORDINATOR_CONFIGURATION,
  NODE_CONFIGURATION,
  ELASTIC_CLUSTER,
  ELASTIC_CONFIGURATION,
} from '../stack/azurerm';

export const parameterOwner: Rule = {
  id: 'parameter-owner',
  level: 'error',
  hardening: 'all',
  property: 'A server parameter is one of the cluster of its stack.',
  why: 'A stack would change how another database answers.',
  remedy: 'Name the cluster of the stack.',
  controls: ['MCSB PV-1'],
  check: (stack) =>
    verdict([
      ...strangers(stack, 'cluster_id', {
        types: [COORDINATOR_CONFIGURATION, NODE_CONFIGURATION],
        targets: [CLUSTER],
        why: WHY,
      }),
      ...strangers(stack, 'server_id', {
        types: [ELASTIC_CONFIGURATION],
        targets: [ELASTIC_CLUSTER],
        why: WHY,
      }),
    ]),
};

const WHY = 'a stack sets parameters of its own cluster and of no other';
