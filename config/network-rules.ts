import { z } from 'zod';
import { firewallViolations } from './firewall-rules';
import type { FirewallRule } from './firewall-rules';
import { allowAzureServices } from './network-schema';
import { partOf } from './part-of';
import { reasonViolations } from './reason';
import { reportAll } from './report-all';
import type { Rule } from './yaml';
import { rule } from './yaml';

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
