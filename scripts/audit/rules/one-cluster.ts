import type { Rule } from '../rule-parts/rule';
import { problemOf, verdict } from '../rule-parts/rule';
import {
  RESOURCE_GROUP,
  KEY_VAULT,
  WORKSPACE,
  ACTION_GROUP,
  STORAGE_ACCOUNT,
  CLUSTERS,
} from '../stack/azurerm';
import { resourcesOf } from '../stack/synthesized';

export const oneCluster: Rule = {
  id: 'one-cluster',
  level: 'error',
  property: 'A stack has one cluster, and at most one vault, one workspace and one group of its own.',
  why: 'A reference to one of two says nothing of the other, which nobody looks after.',
  remedy: 'Give the second an environment of its own.',
  controls: ['MCSB AM-2'],
  check: (stack) =>
    verdict(
      [CLUSTERS, [KEY_VAULT], [WORKSPACE], [RESOURCE_GROUP], [STORAGE_ACCOUNT], [ACTION_GROUP]].flatMap(
        (types) =>
          resourcesOf(stack, ...types)
            .slice(1)
            .map((block) =>
              problemOf(
                block,
                'second',
                `${block.address} is the second of its kind, and an environment has one: give it an environment of its own`,
              ),
            ),
      ),
    ),
};
