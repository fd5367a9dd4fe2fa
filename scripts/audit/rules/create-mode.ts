import type { Rule } from '../rule-parts/rule';
import { problemAt, verdictOn, valueText } from '../rule-parts/rule';
import { ELASTIC_CLUSTER, CLUSTERS, NO_CLUSTER } from '../stack/azurerm';

export const createMode: Rule = {
  id: 'create-mode',
  level: 'error',
  property: 'An elastic cluster is made as a new one.',
  why: 'One that is made from another holds the data of that one, under the rules of this.',
  remedy: 'Set create_mode to Default.',
  controls: ['MCSB DP-8'],
  check: (stack) =>
    verdictOn(stack, CLUSTERS, NO_CLUSTER, (clusters) =>
      clusters
        .filter(
          ({ type, body }) => type === ELASTIC_CLUSTER && (body['create_mode'] ?? 'Default') !== 'Default',
        )
        .map((cluster) =>
          problemAt(
            cluster,
            'create_mode',
            `create_mode is ${valueText('', cluster.body['create_mode'])}: the cluster would hold the data of another one. Set it to Default`,
          ),
        ),
    ),
};
