import { z } from 'zod';
import { ALERT_RULES } from '../azure/alert-thresholds';
import { ranges } from '../azure/schema-types';
import { intBetween, matching } from '../file/schema-types';
import { SUBNET_ID } from '../azure/subnet-id';
import { RETENTION_DAYS, UTC_SECOND, VAULT_NAME, WORKSPACE_NAME } from '../azure/support-limits';
import { strictShape } from '../file/yaml';

export const keyVault = strictShape(
  {
    name: matching(
      VAULT_NAME,
      'the name of a key vault: 3 to 24 letters, digits and single hyphens, a letter first and no hyphen last',
    ).describe('Unique on all of Azure. A deleted vault keeps its name for 90 days.'),
    allow: ranges
      .optional()
      .describe(
        'Public addresses that reach the vault. Whoever deploys writes the password into it, so theirs are among them.',
      ),
    subnetIds: z
      .array(
        matching(
          SUBNET_ID,
          'the resource id of a subnet: /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NETWORK/subnets/SUBNET',
        ),
        { error: 'a list of resource ids of subnets' },
      )
      .optional()
      .describe('Subnets that reach the vault; each needs the service endpoint Microsoft.KeyVault.'),
    writerPrincipalId: z
      .guid({ error: 'the object id of a principal, as in 00000000-0000-0000-0000-000000000000' })
      .optional()
      .describe(
        'Object id of the principal that may write the password. Absent, whoever deploys: where two do, each takes the role from the other.',
      ),
    passwordVersion: intBetween(1, 1_000_000)
      .default(1)
      .describe('Raise it by one together with the password: the vault is written again when it changes.'),
    passwordExpiresUtc: matching(UTC_SECOND, 'a moment in UTC, to the second, as in 2027-06-30T00:00:00Z')
      .optional()
      .describe(
        'When the password is due to be changed, in UTC: Key Vault announces the day, and the password works on. Absent, no date.',
      ),
  },
  'a key vault, as in { name: kv-sensors-dev, allow: [203.0.113.8] }',
).describe('A key vault that keeps the password of citus for those who need it; absent, none is made.');

const threshold = (name: keyof typeof ALERT_RULES): z.ZodExactOptional<z.ZodInt> => {
  const { metric, threshold: usual, least, most } = ALERT_RULES[name];
  return intBetween(least, most)
    .exactOptional()
    .describe(`Above what ${metric} of a node is told; absent, ${String(usual)}.`);
};

export const monitoring = strictShape(
  {
    workspace: strictShape(
      {
        name: matching(
          WORKSPACE_NAME,
          'the name of a workspace: 4 to 63 letters, digits and hyphens, with no hyphen at either end',
        ).describe('Name of the workspace that is created.'),
        retentionDays: intBetween(RETENTION_DAYS.fewest, RETENTION_DAYS.most).describe(
          `Days that logs and metrics are kept: ${RETENTION_DAYS.fewest} to ${RETENTION_DAYS.most}.`,
        ),
      },
      'a workspace, as in { name: log-sensors-dev, retentionDays: 30 }',
    ).describe('The Log Analytics workspace that logs and metrics of the cluster go to.'),
    alerts: strictShape(
      {
        emails: z
          .array(z.email({ error: 'an address, as in oncall@example.com' }), {
            error: 'a list of addresses, as in [oncall@example.com]',
          })
          .min(1, { error: 'a list of one address or more, as in [oncall@example.com]' })
          .describe('Who is told.'),
        thresholds: strictShape(
          {
            storagePercent: threshold('storagePercent'),
            cpuPercent: threshold('cpuPercent'),
            memoryPercent: threshold('memoryPercent'),
            connectionsPercent: threshold('connectionsPercent'),
            replicationLagSeconds: threshold('replicationLagSeconds'),
          },
          'thresholds, as in { storagePercent: 80 }',
        )
          .optional()
          .describe('Thresholds other than the usual ones.'),
      },
      'who is told, as in { emails: [oncall@example.com] }',
    )
      .optional()
      .describe('Alerts of each node; absent, nobody is told.'),
  },
  'the workspace, and who is told',
).describe('Logs, metrics and alerts of the cluster; absent, none leave it.');
