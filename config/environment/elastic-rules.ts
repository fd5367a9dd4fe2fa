import { z } from 'zod';
import { roleViolations, sqlRoleName } from '../azure/database-roles';
import { elasticAvailabilityViolations, elasticSku } from '../azure/elastic-limits';
import { ELASTIC_RULE_NAMES, firewallViolations } from '../azure/firewall-rules';
import { location } from '../azure/resource-names';
import { elasticParameterViolations } from '../azure/server-parameters';
import { partOf } from '../file/schema-types';
import { reportAll, rule } from '../file/yaml';
import type { Rule } from '../file/yaml';
import { writtenRole } from './database-rules';
import { parameterValue } from './database-schema';
import { writtenRange } from './network-rules';

/** The rules between the values of a file of an elastic cluster, most of them the service's. */
export const elasticRules: readonly Rule[] = [
  rule(
    partOf({ cluster: partOf({ highAvailability: z.boolean(), nodes: partOf({ sku: elasticSku }) }) }),
    ({ cluster }, report) =>
      reportAll(
        ['cluster', 'highAvailability'],
        elasticAvailabilityViolations(cluster.highAvailability, { sku: cluster.nodes.sku }),
        report,
      ),
  ),
  rule(
    partOf({ location, cluster: partOf({ highAvailability: z.boolean() }) }),
    ({ location: region, cluster }, report) =>
      reportAll(
        ['cluster', 'highAvailability'],
        elasticAvailabilityViolations(cluster.highAvailability, { location: region }),
        report,
      ),
  ),
  rule(
    partOf({
      network: partOf({
        access: z.literal('firewall'),
        allow: z.array(writtenRange),
        allowAzureServices: z.unknown().optional(),
      }),
    }),
    ({ network }, report) => {
      const besidesAzure = network.allowAzureServices !== undefined;
      reportAll(
        ['network', 'allow'],
        firewallViolations(network.allow, besidesAzure, ELASTIC_RULE_NAMES),
        report,
      );
    },
  ),
  rule(partOf({ parameters: z.record(z.string(), parameterValue.catch('')) }), ({ parameters }, report) =>
    reportAll(['parameters'], elasticParameterViolations(parameters), report),
  ),
  rule(partOf({ roles: z.array(writtenRole) }), ({ roles }, report) =>
    reportAll(['roles'], roleViolations(roles, sqlRoleName), report),
  ),
  rule(
    partOf({ roles: z.array(writtenRole), cluster: partOf({ login: z.string() }) }),
    ({ roles, cluster: { login } }, report) => {
      roles.forEach(({ name }, index) => {
        if (name !== login) return;
        report(
          ['roles', index, 'name'],
          'is the administrator, cluster.login, whom Azure makes: choose another name, or remove it',
        );
      });
    },
  ),
];
