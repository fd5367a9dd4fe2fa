import { LogAnalyticsWorkspace } from '@cdktf/provider-azurerm/lib/log-analytics-workspace';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { retentionDays, workspaceName } from '../config/azure/monitoring';
import { clusterId, location, resourceGroup } from '../config/azure/resource-names';
import { clusterName } from '../config/azure/service-limits';
import { tagViolations } from '../config/azure/tags';
import { propProblems, requireValid } from './invalid-props';

/** The one category of logs the service has. */
const LOG_CATEGORY = 'PostgreSQLLogs';
const METRIC_CATEGORY = 'AllMetrics';

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
    requireValid(
      this,
      propProblems(props, {
        clusterId,
        clusterName,
        location,
        resourceGroupName: resourceGroup,
        workspaceName,
        retentionDays,
        tags: tagViolations,
      }),
    );
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
