import { LogAnalyticsWorkspace } from '@cdktf/provider-azurerm/lib/log-analytics-workspace';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { retentionDays, workspaceName } from '../config/azure/monitoring';
import type { Service } from '../config/azure/postgres-services';
import { DEFAULT_SERVICE, SERVICE_FACTS } from '../config/azure/postgres-services';
import { location, resourceGroup } from '../config/azure/resource-names';
import { tagViolations } from '../config/azure/tags';
import { propProblems, requireValid } from './invalid-props';

const METRIC_CATEGORY = 'AllMetrics';

export interface ClusterDiagnosticsProps {
  readonly clusterId: string;
  /**
   * The service that runs the cluster.
   *
   * @default cosmosdb-postgresql
   */
  readonly service?: Service;
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
 * Sends the logs of the service and all metrics of every node to a Log Analytics workspace of their own. In the table
 * AzureDiagnostics, `LogicalServerName_s` tells the nodes apart.
 */
export class ClusterDiagnostics extends Construct {
  /** Resource id of the workspace. */
  readonly workspaceId: string;
  /** The setting, which a lock on the cluster covers: the lock is to be put on after it, and taken off before it. */
  readonly last: ITerraformDependable;

  constructor(scope: Construct, id: string, props: ClusterDiagnosticsProps) {
    super(scope, id);
    const { clusterId, clusterName, logCategories } = SERVICE_FACTS[props.service ?? DEFAULT_SERVICE];
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
      enabledLog: logCategories.map((category) => ({ category })),
      enabledMetric: [{ category: METRIC_CATEGORY }],
    });
    this.workspaceId = workspace.id;
  }
}
