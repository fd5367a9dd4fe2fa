import { z } from 'zod';
import { existingFirewallViolations, firewallViolations } from '../azure/firewall-rules';
import { readsAdoption } from './adoption';
import { partOf } from '../file/schema-types';
import { reportAll, rule } from '../file/yaml';
import type { Rule } from '../file/yaml';

const word = z.string().catch('');
/** A range as a file has it: what is none is told by the schema. */
export const writtenRange = z
  .object({ name: word, from: word, to: word })
  .catch({ name: '', from: '', to: '' });

/** What the service and we ask of the way in. */
export const networkRules: readonly Rule[] = [
  rule(
    partOf({
      network: partOf({
        access: z.literal('firewall'),
        allow: z.array(writtenRange),
        allowAzureServices: z.unknown().optional(),
      }),
      cluster: readsAdoption,
    }),
    ({ network, cluster }, report) => {
      const violations = cluster === 'none' ? firewallViolations : existingFirewallViolations;
      const besidesAzure = network.allowAzureServices !== undefined;
      reportAll(['network', 'allow'], violations(network.allow, besidesAzure), report);
    },
  ),
  rule(
    partOf({
      network: partOf({ access: z.literal('private'), subnetId: z.undefined().optional() }),
      cluster: readsAdoption,
    }),
    ({ cluster }, report) => {
      if (cluster !== 'none') return;
      report(
        ['network', 'subnetId'],
        `is missing: add the resource id of the subnet of the private endpoint`,
      );
    },
  ),
];
