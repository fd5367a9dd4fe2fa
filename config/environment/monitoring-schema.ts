import { alertThresholds } from '../azure/alert-thresholds';
import { emails, retentionDays, workspaceName } from '../azure/monitoring';
import { strictShape } from '../file/schema-types';

export const monitoring = strictShape(
  {
    workspace: strictShape(
      {
        name: workspaceName.describe('Name of the workspace that is created.'),
        retentionDays,
      },
      'a workspace, as in { name: log-sensors-dev, retentionDays: 30 }',
    ).describe('The Log Analytics workspace that logs and metrics of the cluster go to.'),
    alerts: strictShape(
      {
        emails: emails
          .min(1, { error: 'a list of one address or more, as in [oncall@example.com]' })
          .describe('Who is told.'),
        thresholds: alertThresholds.optional().describe('Thresholds other than the usual ones.'),
      },
      'who is told, as in { emails: [oncall@example.com] }',
    )
      .optional()
      .describe('Alerts of each node; absent, nobody is told.'),
  },
  'the workspace, and who is told',
).describe('Logs, metrics and alerts of the cluster; absent, none leave it.');
