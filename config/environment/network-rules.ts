import { z } from 'zod';
import { firewallViolations } from '../azure/firewall-rules';
import type { FirewallRule } from '../azure/firewall-rules';
import { allowAzureServices } from './network-schema';
import { partOf } from '../file/part-of';
import { reasonViolations } from '../azure/reason';
import { reportAll } from '../azure/report-all';
import type { Rule } from '../file/yaml';
import { rule } from '../file/yaml';

/** What the service and we ask of the way in. */
export const networkRules: readonly Rule[] = [
  rule(
    partOf({
      network: partOf({
        access: z.literal('firewall'),
        allow: z.array(z.custom<FirewallRule>((range) => typeof range === 'object' && range !== null)),
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
  rule(partOf({ network: partOf({ allowAzureServices }) }), ({ network }, report) =>
    reportAll(['network', 'allowAzureServices'], reasonViolations(network.allowAzureServices), report),
  ),
];
