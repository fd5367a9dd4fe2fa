import { z } from 'zod';
import { firewallViolations } from '../azure/firewall-rules';
import { partOf } from '../file/schema-types';
import { reportAll, rule } from '../file/yaml';
import type { Rule } from '../file/yaml';

const word = z.string().catch('');
const range = z.object({ name: word, from: word, to: word }).catch({ name: '', from: '', to: '' });

/** What the service and we ask of the way in. */
export const networkRules: readonly Rule[] = [
  rule(
    partOf({
      network: partOf({
        access: z.literal('firewall'),
        allow: z.array(range),
        allowAzureServices: z.unknown().optional(),
      }),
    }),
    ({ network }, report) =>
      reportAll(
        ['network', 'allow'],
        firewallViolations(network.allow, network.allowAzureServices !== undefined),
        report,
      ),
  ),
];
