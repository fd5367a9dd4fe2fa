import { textOf } from '../stack/attributes';
import type { Rule } from '../rule-parts/rule';
import { problemAt, verdictInProduction } from '../rule-parts/rule';

export const productionSize: Rule = {
  id: 'production-size',
  level: 'warning',
  property: 'In production no node has vCores on credit.',
  why: 'When the credits are spent, the database is a tenth as fast.',
  remedy: 'Choose a regular size.',
  controls: ['MCSB BR-1'],
  hardening: 'all',
  check: (stack, facts) =>
    verdictInProduction(stack, facts, (clusters) =>
      clusters.flatMap((cluster) =>
        ['coordinator_server_edition', 'node_server_edition', 'sku_name']
          .filter((argument) => /^(Burstable|B_)/.test(textOf(cluster.body[argument])))
          .map((argument) =>
            problemAt(
              cluster,
              argument,
              `${argument} is ${textOf(cluster.body[argument])}, which has vCores on credit: choose a regular size`,
            ),
          ),
      ),
    ),
};
