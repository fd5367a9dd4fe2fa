import type { JsonObject } from '../arm/arm';
import { objectAt, textAt } from '../arm/arm';
import { objectsAt, textsAt } from '../arm/values';

/** What Azure Monitor refuses of action groups and metric alerts: a sentence each, or undefined. Pure. */

type Exists = (resourceId: string) => boolean;

const SHORT_NAME_LONGEST = 12;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@.]+$/;

/** Why the service refuses an action group; undefined where it allows it. */
export function actionGroupRefusal(properties: JsonObject): string | undefined {
  const shortName = textAt(properties, 'groupShortName');
  if (shortName === '' || shortName.length > SHORT_NAME_LONGEST) {
    return `The groupShortName '${shortName}' has to have 1 to ${SHORT_NAME_LONGEST} characters.`;
  }
  if (typeof properties['enabled'] !== 'boolean') return "The property 'enabled' is required.";
  const receivers = Object.keys(properties)
    .filter((name) => name.endsWith('Receivers'))
    .flatMap((name) => objectsAt(properties, name));
  const names = receivers.map((receiver) => textAt(receiver, 'name'));
  if (names.includes('')) return 'Every receiver needs a name.';
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) return `The receiver name '${twice}' is used more than once.`;
  const wrong = objectsAt(properties, 'emailReceivers').find((it) => !EMAIL.test(textAt(it, 'emailAddress')));
  return wrong && `The email address of the receiver '${textAt(wrong, 'name')}' is not valid.`;
}

const FREQUENCIES = minutes({ PT1M: 1, PT5M: 5, PT15M: 15, PT30M: 30, PT1H: 60 });
const WINDOWS = minutes({
  PT1M: 1,
  PT5M: 5,
  PT15M: 15,
  PT30M: 30,
  PT1H: 60,
  PT6H: 360,
  PT12H: 720,
  P1D: 1440,
});
const CRITERIA_TYPES = [
  'SingleResourceMultipleMetric',
  'MultipleResourceMultipleMetric',
  'WebtestLocationAvailability',
].map((name) => `Microsoft.Azure.Monitor.${name}Criteria`);
const CONDITIONS_MOST = 5;
const OPERATORS = ['Equals', 'GreaterThan', 'GreaterThanOrEqual', 'LessThan', 'LessThanOrEqual'];
const DYNAMIC_OPERATORS = ['GreaterThan', 'LessThan', 'GreaterOrLessThan'];
const AGGREGATIONS = ['Average', 'Count', 'Minimum', 'Maximum', 'Total'];
const DIMENSION_OPERATORS = ['Include', 'Exclude', 'StartsWith'];

/** What a type of resource measures. */
interface Metrics {
  readonly names: readonly string[];
  readonly dimensions: readonly string[];
}

/** By namespace in lower case. Other resources' metrics are taken on trust. */
const METRICS: Readonly<Record<string, Metrics>> = {
  'microsoft.dbforpostgresql/servergroupsv2': {
    names: [
      'active_connections',
      'apps_reserved_memory_percent',
      'cpu_credits_consumed',
      'cpu_credits_remaining',
      'cpu_percent',
      'iops',
      'memory_percent',
      'network_bytes_egress',
      'network_bytes_ingress',
      'replication_lag',
      'storage_percent',
      'storage_used',
    ],
    dimensions: ['ServerName'],
  },
  'microsoft.dbforpostgresql/flexibleservers': {
    names: [
      'active_connections',
      'backup_storage_used',
      'connections_failed',
      'connections_succeeded',
      'cpu_credits_consumed',
      'cpu_credits_remaining',
      'cpu_percent',
      'database_size_bytes',
      'deadlocks',
      'disk_bandwidth_consumed_percentage',
      'disk_iops_consumed_percentage',
      'disk_queue_depth',
      'iops',
      'is_db_alive',
      'logical_replication_delay_in_bytes',
      'longest_query_time_sec',
      'longest_transaction_time_sec',
      'max_connections',
      'maximum_used_transactionIDs',
      'memory_percent',
      'network_bytes_egress',
      'network_bytes_ingress',
      'numbackends',
      'physical_replication_delay_in_bytes',
      'physical_replication_delay_in_seconds',
      'read_iops',
      'sessions_by_state',
      'sessions_by_wait_event_type',
      'storage_free',
      'storage_percent',
      'storage_used',
      'tps',
      'txlogs_storage_used',
      'write_iops',
      'xact_commit',
      'xact_rollback',
    ],
    // The first is that of an elastic cluster, whose nodes are measured apart.
    dimensions: ['ServerName', 'DatabaseName', 'State', 'WaitEventType'],
  },
};
/** Shares of something, which nobody can add up. */
const isShare = (metric: string): boolean => /_percent(age)?$/.test(metric);
const PERCENTAGE_AGGREGATIONS = ['Average', 'Maximum', 'Minimum'];

/** Why the service refuses a metric alert; undefined where it allows it. */
export function metricAlertRefusal(properties: JsonObject, exists: Exists): string | undefined {
  const severity = properties['severity'];
  if (typeof severity !== 'number' || !Number.isInteger(severity) || severity < 0 || severity > 4) {
    return "The property 'severity' is a whole number from 0 to 4.";
  }
  if (typeof properties['enabled'] !== 'boolean') return "The property 'enabled' is required.";
  return (
    timeRefusal(properties) ??
    scopeRefusal(properties, exists) ??
    criteriaRefusal(objectAt(properties, 'criteria')) ??
    actionRefusal(properties, exists)
  );
}

function timeRefusal(properties: JsonObject): string | undefined {
  const frequency = textAt(properties, 'evaluationFrequency');
  const window = textAt(properties, 'windowSize');
  const every = FREQUENCIES.get(frequency);
  const over = WINDOWS.get(window);
  if (every === undefined)
    return `The evaluationFrequency '${frequency}' is not one of ${list(FREQUENCIES)}.`;
  if (over === undefined) return `The windowSize '${window}' is not one of ${list(WINDOWS)}.`;
  return over < every ? `The windowSize ${window} is smaller than the frequency ${frequency}.` : undefined;
}

function scopeRefusal(properties: JsonObject, exists: Exists): string | undefined {
  const scopes = textsAt(properties, 'scopes');
  if (scopes.length === 0) return 'An alert needs at least one scope.';
  const gone = scopes.find((scope) => !exists(scope));
  return gone && `The scope '${gone}' was not found.`;
}

function actionRefusal(properties: JsonObject, exists: Exists): string | undefined {
  const gone = objectsAt(properties, 'actions')
    .map((action) => textAt(action, 'actionGroupId'))
    .find((id) => !exists(id));
  return gone === undefined ? undefined : `The action group '${gone}' was not found.`;
}

function criteriaRefusal(criteria: JsonObject): string | undefined {
  const conditions = objectsAt(criteria, 'allOf');
  const type = textAt(criteria, 'odata.type');
  if (!CRITERIA_TYPES.includes(type)) {
    return `The type '${type}' of the criteria is not one of ${CRITERIA_TYPES.join(', ')}.`;
  }
  if (conditions.length === 0) return 'An alert needs criteria with at least one condition.';
  if (conditions.length > CONDITIONS_MOST) {
    return `An alert has at most ${CONDITIONS_MOST} conditions, and ${conditions.length} were given.`;
  }
  const names = conditions.map((condition) => textAt(condition, 'name'));
  if (new Set(names).size < names.length) return 'Every condition of an alert has a name of its own.';
  return conditions.map(conditionRefusal).find((refused) => refused !== undefined);
}

function conditionRefusal(condition: JsonObject): string | undefined {
  const name = textAt(condition, 'name');
  const wrong = (what: string, allowed: readonly string[]): string =>
    `The ${what} of the condition '${name}' is not one of ${allowed.join(', ')}.`;
  const dynamic = condition['criterionType'] === 'DynamicThresholdCriterion';
  const operators = dynamic ? DYNAMIC_OPERATORS : OPERATORS;
  if (!operators.includes(textAt(condition, 'operator'))) return wrong('operator', operators);
  if (!AGGREGATIONS.includes(textAt(condition, 'timeAggregation'))) {
    return wrong('timeAggregation', AGGREGATIONS);
  }
  if (!dynamic && typeof condition['threshold'] !== 'number') {
    return `The condition '${name}' needs a threshold.`;
  }
  const dimensions = objectsAt(condition, 'dimensions');
  if (dimensions.some((it) => !DIMENSION_OPERATORS.includes(textAt(it, 'operator')))) {
    return wrong('dimension operator', DIMENSION_OPERATORS);
  }
  const metrics = METRICS[textAt(condition, 'metricNamespace').toLowerCase()];
  if (metrics === undefined) return undefined;
  const metric = textAt(condition, 'metricName');
  if (condition['skipMetricValidation'] !== true && !metrics.names.includes(metric)) {
    return wrong('metricName', metrics.names);
  }
  if (isShare(metric) && !PERCENTAGE_AGGREGATIONS.includes(textAt(condition, 'timeAggregation'))) {
    return wrong('timeAggregation', PERCENTAGE_AGGREGATIONS);
  }
  return dimensions.every((it) => metrics.dimensions.includes(textAt(it, 'name')))
    ? undefined
    : wrong('dimension', metrics.dimensions);
}

function minutes(durations: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  return new Map(Object.entries(durations));
}

function list(durations: ReadonlyMap<string, number>): string {
  return [...durations.keys()].join(', ');
}
