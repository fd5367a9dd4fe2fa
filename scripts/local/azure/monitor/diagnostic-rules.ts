import type { JsonObject } from '../arm/arm';
import { objectAt, textAt } from '../arm/arm';
import { objectsAt } from '../arm/values';

/** What a type of resource has to say for itself. */
interface Categories {
  readonly logs: readonly string[];
  /** Groups of logs, such as `allLogs`. */
  readonly groups: readonly string[];
  readonly metrics: readonly string[];
}

const NOTHING: Categories = { logs: [], groups: [], metrics: [] };

/** By type in lower case. A type that is not here cannot be asked about: 501 would be as wrong as a guess. */
const CATEGORIES: Readonly<Record<string, Categories>> = {
  'microsoft.dbforpostgresql/servergroupsv2': {
    logs: ['PostgreSQLLogs'],
    groups: ['allLogs', 'audit'],
    metrics: ['AllMetrics'],
  },
  'microsoft.dbforpostgresql/flexibleservers': {
    logs: [
      'PostgreSQLLogs',
      'PostgreSQLFlexSessions',
      'PostgreSQLFlexQueryStoreRuntime',
      'PostgreSQLFlexQueryStoreWaitStats',
      'PostgreSQLFlexTableStats',
      'PostgreSQLFlexDatabaseXacts',
    ],
    groups: ['allLogs', 'audit'],
    metrics: ['AllMetrics'],
  },
  'microsoft.keyvault/vaults': {
    logs: ['AuditEvent', 'AzurePolicyEvaluationDetails'],
    groups: ['allLogs', 'audit'],
    metrics: ['AllMetrics'],
  },
  'microsoft.operationalinsights/workspaces': {
    logs: ['Audit', 'SummaryLogs'],
    groups: ['allLogs', 'audit'],
    metrics: ['AllMetrics'],
  },
  'microsoft.storage/storageaccounts': { logs: [], groups: [], metrics: ['Capacity', 'Transaction'] },
  'microsoft.storage/storageaccounts/blobservices': {
    logs: ['StorageRead', 'StorageWrite', 'StorageDelete'],
    groups: ['allLogs', 'audit'],
    metrics: ['Capacity', 'Transaction'],
  },
};

/** The categories of a type of resource. Pure. */
export function categoriesOf(type: string): Categories {
  return CATEGORIES[type.toLowerCase()] ?? NOTHING;
}

export interface SettingToJudge {
  readonly properties: JsonObject;
  readonly targetType: string;
  /** The target's other settings. */
  readonly others: readonly JsonObject[];
  readonly exists: (resourceId: string) => boolean;
}

interface Refused {
  readonly status: 400 | 409;
  readonly code: string;
  readonly message: string;
}

const DESTINATIONS = [
  'workspaceId',
  'storageAccountId',
  'eventHubAuthorizationRuleId',
  'marketplacePartnerId',
];

/** Why Azure Monitor refuses a diagnostic setting; undefined where it allows it. Pure. */
export function diagnosticSettingRefusal(setting: SettingToJudge): Refused | undefined {
  const { properties, targetType, others, exists } = setting;
  const bad = (message: string): Refused => ({ status: 400, code: 'BadRequest', message });
  const sinks = DESTINATIONS.map((name) => textAt(properties, name)).filter(Boolean);
  if (sinks.length === 0) return bad('At least one data sink needs to be specified.');
  const gone = sinks.find((id) => !exists(id));
  if (gone !== undefined) return bad(`The data sink '${gone}' was not found.`);
  const unknown = unknownCategory(properties, targetType);
  if (unknown !== undefined) return bad(`Category '${unknown}' is not supported.`);
  if (enabled(properties).length === 0) return bad('At least one category has to be enabled.');
  if (retains(properties)) {
    return bad('Diagnostic settings no longer keep retention: set it where the data goes to.');
  }
  const twice = conflict(properties, others, targetType);
  return twice === undefined
    ? undefined
    : {
        status: 409,
        code: 'Conflict',
        message: `Data sink '${twice.sink}' is already used in another diagnostic setting for category '${twice.category}'. Data sinks can't be reused in different settings on the same category for the same resource.`,
      };
}

function unknownCategory(properties: JsonObject, targetType: string): string | undefined {
  const { logs, groups, metrics } = categoriesOf(targetType);
  const unknownLog = objectsAt(properties, 'logs').find((log) =>
    textAt(log, 'categoryGroup') === ''
      ? !logs.includes(textAt(log, 'category'))
      : !groups.includes(textAt(log, 'categoryGroup')),
  );
  if (unknownLog !== undefined) return nameOf(unknownLog);
  const unknownMetric = objectsAt(properties, 'metrics').find(
    (it) => !metrics.includes(textAt(it, 'category')),
  );
  return unknownMetric && nameOf(unknownMetric);
}

function retains(properties: JsonObject): boolean {
  return [...objectsAt(properties, 'logs'), ...objectsAt(properties, 'metrics')].some(
    (each) => objectAt(each, 'retentionPolicy')['enabled'] === true,
  );
}

function conflict(
  properties: JsonObject,
  others: readonly JsonObject[],
  targetType: string,
): { readonly sink: string; readonly category: string } | undefined {
  for (const other of others) {
    const sink = DESTINATIONS.map((name) => textAt(properties, name)).find(
      (id) =>
        id !== '' && DESTINATIONS.some((name) => textAt(other, name).toLowerCase() === id.toLowerCase()),
    );
    const taken = covered(other, targetType);
    const category = covered(properties, targetType).find((name) => taken.includes(name));
    if (sink !== undefined && category !== undefined) return { sink, category };
  }
  return undefined;
}

function enabled(properties: JsonObject): string[] {
  return [...objectsAt(properties, 'logs'), ...objectsAt(properties, 'metrics')]
    .filter((each) => each['enabled'] === true)
    .map(nameOf);
}

/** The categories that are enabled, by themselves or as some of a group: every log is in each group of ours. */
function covered(properties: JsonObject, targetType: string): string[] {
  const { logs, groups } = categoriesOf(targetType);
  return enabled(properties).flatMap((name) => (groups.includes(name) ? logs : [name]));
}

function nameOf(category: JsonObject): string {
  return textAt(category, 'category') || textAt(category, 'categoryGroup');
}
