import { LogAnalyticsWorkspace } from '@cdktf/provider-azurerm/lib/log-analytics-workspace';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import type { ITerraformDependable } from 'cdktf';
import { Token } from 'cdktf';
import { Construct } from 'constructs';
import { clusterNameViolations } from '../config/service-limits';
import { show } from '../config/wording';
import { clause, requireValid } from './invalid-props';

/** The one category of logs the service has. */
const LOG_CATEGORY = 'PostgreSQLLogs';
const METRIC_CATEGORY = 'AllMetrics';

export const RETENTION_DAYS = { fewest: 30, most: 730 } as const;
export const WORKSPACE_NAME = /^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/;

export interface ClusterDiagnosticsProps {
  readonly clusterId: string;
  /** Names the setting. */
  readonly clusterName: string;
  /** Azure region of the workspace. */
  readonly location: string;
  readonly resourceGroupName: string;
  /** 4 to 63 letters, digits and hyphens, no hyphen at either end. Another name is another workspace. */
  readonly workspaceName: string;
  /** How long logs and metrics are kept: 30 to 730 days. The first 31 cost nothing extra. */
  readonly retentionDays: number;
  /** @default - no tags */
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * Sends the logs of PostgreSQL and all metrics of every node to a Log Analytics workspace of their own. In the table
 * AzureDiagnostics, `LogicalServerName_s` tells the nodes apart.
 */
export class ClusterDiagnostics extends Construct {
  /** Resource id of the workspace. */
  readonly workspaceId: string;
  /** The setting, which a lock on the cluster covers: the lock is to be put on after it, and taken off before it. */
  readonly last: ITerraformDependable;

  constructor(scope: Construct, id: string, props: ClusterDiagnosticsProps) {
    super(scope, id);
    requireValid(this, problems(props));
    const workspace = new LogAnalyticsWorkspace(this, 'Workspace', {
      name: props.workspaceName,
      location: props.location,
      resourceGroupName: props.resourceGroupName,
      sku: 'PerGB2018',
      retentionInDays: props.retentionDays,
      // Diagnostic settings need no key, and whoever had one could write log lines that look like ours.
      localAuthenticationEnabled: false,
      ...(props.tags === undefined ? {} : { tags: { ...props.tags } }),
    });
    // The destination type stays unset: this service writes to AzureDiagnostics whatever it says, and the answer would
    // differ from the configuration in every plan.
    this.last = new MonitorDiagnosticSetting(this, 'Setting', {
      name: props.clusterName,
      targetResourceId: props.clusterId,
      logAnalyticsWorkspaceId: workspace.id,
      enabledLog: [{ category: LOG_CATEGORY }],
      enabledMetric: [{ category: METRIC_CATEGORY }],
    });
    this.workspaceId = workspace.id;
  }
}

function problems({ clusterName, workspaceName, retentionDays }: ClusterDiagnosticsProps): string[] {
  const { fewest, most } = RETENTION_DAYS;
  const found = Token.isUnresolved(clusterName)
    ? []
    : clusterNameViolations(clusterName).map((each) => clause({ ...each, at: ['clusterName'] }));
  if (!Token.isUnresolved(workspaceName) && !WORKSPACE_NAME.test(workspaceName)) {
    found.push(
      `workspaceName is ${show(workspaceName)}: the name of a workspace has 4 to 63 letters, digits and hyphens, with no hyphen at either end`,
    );
  }
  const fits = Number.isInteger(retentionDays) && retentionDays >= fewest && retentionDays <= most;
  if (!Token.isUnresolved(retentionDays) && !fits) {
    found.push(`retentionDays is ${show(retentionDays)}: it is a whole number from ${fewest} to ${most}`);
  }
  return found;
}
