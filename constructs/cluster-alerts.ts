import { MonitorActionGroup } from '@cdktf/provider-azurerm/lib/monitor-action-group';
import { MonitorMetricAlert } from '@cdktf/provider-azurerm/lib/monitor-metric-alert';
import type { ITerraformDependable } from 'cdktf';
import { Token } from 'cdktf';
import { Construct } from 'constructs';
import type { AlertRule, AlertThresholdName, AlertThresholds } from '../config/azure/alert-thresholds';
import { ALERT_RULES, alertThresholds, SEVERITIES } from '../config/azure/alert-thresholds';
import { emails } from '../config/azure/monitoring';
import type { Service } from '../config/azure/postgres-services';
import { DEFAULT_SERVICE, SERVICE_FACTS } from '../config/azure/postgres-services';
import { resourceGroup } from '../config/azure/resource-names';
import { tagViolations } from '../config/azure/tags';
import { propProblems, requireValid } from './invalid-props';

/** The one dimension the metrics have: the node. */
const NODE_DIMENSION = 'ServerName';
/** How often Azure looks at the window. */
const FREQUENCY = 'PT5M';
/** Azure's limit for the name under which mails and messages come. */
const SHORT_NAME_LONGEST = 12;

/** What an alert is called after the cluster's name. Another name is another alert. */
const SUFFIXES = {
  storagePercent: 'storage',
  cpuPercent: 'cpu',
  memoryPercent: 'memory',
  connectionsPercent: 'connections',
  replicationLagSeconds: 'replication-lag',
} as const satisfies Record<AlertThresholdName, string>;

/** Construct ids, and with them the addresses in the state. */
const IDS = {
  storagePercent: 'Storage',
  cpuPercent: 'Cpu',
  memoryPercent: 'Memory',
  connectionsPercent: 'Connections',
  replicationLagSeconds: 'ReplicationLag',
} as const satisfies Record<AlertThresholdName, string>;

export interface ClusterAlertsProps {
  readonly clusterId: string;
  /**
   * The service that runs the cluster.
   *
   * @default cosmosdb-postgresql
   */
  readonly service?: Service;
  /** Begins the name of each alert. */
  readonly clusterName: string;
  readonly resourceGroupName: string;
  /** Client connections that the smallest node allows. */
  readonly connectionLimit: number;
  /**
   * Who gets a mail when an alert fires and when it is over. With nobody, there is no action group and no mail; alerts
   * still fire, and are seen under Alerts in Azure Monitor and by whatever else reads them there.
   */
  readonly emails: readonly string[];
  /**
   * Thresholds other than the usual ones, which config/azure/alert-thresholds.ts holds with their reasons.
   *
   * @default - the usual ones
   */
  readonly thresholds?: AlertThresholds;
  /**
   * Whether the cluster is a read replica of another one. Only then does it lag, and is there an alert for it; a standby
   * for high availability is synchronous and reports no lag.
   *
   * @default false
   */
  readonly replica?: boolean;
  /**
   * What the alerts are made after.
   *
   * @default - nothing but the cluster
   */
  readonly after?: ITerraformDependable | undefined;
  /** @default - no tags */
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * Alerts on every node by itself, nodes that come later included. They look at averages over 15 minutes and more, and
 * resolve themselves; none is critical, since a node that is down is for the platform to replace.
 *
 * @throws InvalidPropsError naming every prop that the service would refuse
 */
export class ClusterAlerts extends Construct {
  /** Resource id of the action group; undefined where nobody gets a mail. */
  readonly actionGroupId: string | undefined;

  constructor(scope: Construct, id: string, props: ClusterAlertsProps) {
    super(scope, id);
    requireValid(this, problems(props));
    const { metricNamespace } = SERVICE_FACTS[props.service ?? DEFAULT_SERVICE];
    const tags = props.tags === undefined ? {} : { tags: { ...props.tags } };
    this.actionGroupId = props.emails.length === 0 ? undefined : this.notify(props).id;

    for (const name of Object.keys(ALERT_RULES) as AlertThresholdName[]) {
      if (name === 'replicationLagSeconds' && props.replica !== true) continue;
      const rule: AlertRule = ALERT_RULES[name];
      new MonitorMetricAlert(this, IDS[name], {
        name: `${props.clusterName}-${SUFFIXES[name]}`,
        resourceGroupName: props.resourceGroupName,
        scopes: [props.clusterId],
        description: rule.description,
        severity: SEVERITIES[rule.severity],
        frequency: FREQUENCY,
        windowSize: rule.window,
        autoMitigate: true,
        criteria: [
          {
            metricNamespace,
            metricName: rule.metric,
            aggregation: 'Average',
            operator: 'GreaterThan',
            threshold: inUnitOfMetric(
              name,
              props.thresholds?.[name] ?? rule.threshold,
              props.connectionLimit,
            ),
            dimension: [{ name: NODE_DIMENSION, operator: 'Include', values: ['*'] }],
          },
        ],
        ...(this.actionGroupId === undefined ? {} : { action: [{ actionGroupId: this.actionGroupId }] }),
        ...(props.after === undefined ? {} : { dependsOn: [props.after] }),
        ...tags,
      });
    }
  }

  private notify({ clusterName, resourceGroupName, emails, tags }: ClusterAlertsProps): MonitorActionGroup {
    return new MonitorActionGroup(this, 'ActionGroup', {
      name: `${clusterName}-alerts`,
      resourceGroupName,
      shortName: Token.isUnresolved(clusterName) ? 'database' : clusterName.slice(0, SHORT_NAME_LONGEST),
      // A list to Terraform: in one order whatever the order in the file. Names have to differ, and addresses do.
      emailReceiver: [...emails]
        .sort()
        .map((emailAddress) => ({ name: emailAddress, emailAddress, useCommonAlertSchema: true })),
      ...(tags === undefined ? {} : { tags: { ...tags } }),
    });
  }
}

function inUnitOfMetric(name: AlertThresholdName, threshold: number, connectionLimit: number): number {
  // Azure Monitor's table of metrics, which comes from the service's own definitions, says milliseconds; the page of the
  // product says seconds. An alert rule compares with what Azure Monitor has, so this goes by that.
  if (name === 'replicationLagSeconds') return threshold * 1000;
  if (name !== 'connectionsPercent') return threshold;
  return Math.floor((connectionLimit * threshold) / 100);
}

function problems(props: ClusterAlertsProps): string[] {
  const { clusterId, clusterName } = SERVICE_FACTS[props.service ?? DEFAULT_SERVICE];
  return [
    ...propProblems(props, {
      clusterId,
      clusterName,
      resourceGroupName: resourceGroup,
      emails,
      thresholds: alertThresholds,
      tags: tagViolations,
    }),
    ...Object.entries(props.thresholds ?? {}).flatMap(([name, value]) =>
      Token.isUnresolved(value)
        ? [`thresholds.${name} is known to Terraform alone: write it out, since the metric has another unit`]
        : [],
    ),
  ];
}
