import { environmentFile } from '../../../config/file/files';
import { SERVICE_FACTS } from '../../../config/azure/postgres-services';
import { numberAt } from '../stack/attributes';
import { DIAGNOSTIC_SETTING, ELASTIC_CLUSTER, WORKSPACE } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import { refersTo } from '../stack/references';
import type { Problem, Rule } from '../rule-parts/rule';
import { expectValue } from '../rule-parts/expectations';
import { problemOf, verdictInProduction } from '../rule-parts/rule';
import type { Block, JsonObject, Synthesized } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';

const RETENTION = 'retention_in_days';
/** What a look back at an incident of last month needs. */
const RETENTION_DAYS = 30;

/** What is to be kept of a cluster: argument, a category of it that the service has, and the group that includes it. */
function kept({ type }: Block) {
  const { logCategories } =
    SERVICE_FACTS[type === ELASTIC_CLUSTER ? 'elastic-cluster' : 'cosmosdb-postgresql'];
  return [
    ...logCategories.map((category) => ({ argument: 'enabled_log', category, group: 'allLogs' })),
    { argument: 'enabled_metric', category: 'AllMetrics', group: undefined },
  ];
}

/** A warning: policies of a subscription set the same from outside, where no stack shows it. */
export const diagnostics: Rule = {
  id: 'diagnostics',
  level: 'warning',
  hardening: 'all',
  property: 'In production the logs and metrics of the cluster are kept for 30 days or more.',
  why: 'What happened before an incident is gone after it.',
  remedy: 'Set monitoring.workspace.',
  controls: ['MCSB LT-3', 'MCSB LT-6'],
  check: (stack, facts) =>
    verdictInProduction(stack, facts, (clusters) => [
      ...clusters.flatMap((cluster) => collected(stack, cluster)),
      ...resourcesOf(stack, WORKSPACE).flatMap(retained),
    ]),
};

function collected(stack: Synthesized, cluster: Block): readonly Problem[] {
  const settings = resourcesOf(stack, DIAGNOSTIC_SETTING).filter(
    ({ body }) => refersTo(body['target_resource_id'], cluster) && hasDestination(body),
  );
  return kept(cluster).flatMap(({ argument, category, group }) => {
    const isKept = settings.some(({ body }) =>
      blocksAt(body, argument).some(
        (each) => each['category'] === category || (group !== undefined && each['category_group'] === group),
      ),
    );
    if (isKept) return [];
    return [
      problemOf(
        cluster,
        category,
        `no diagnostic setting keeps ${category} of this cluster: what happened before an incident is gone after it. Set monitoring.workspace in ${environmentFile(stack.environment)}`,
      ),
    ];
  });
}

function hasDestination(body: JsonObject): boolean {
  return ['log_analytics_workspace_id', 'storage_account_id', 'eventhub_authorization_rule_id'].some(
    (name) => typeof body[name] === 'string' && body[name] !== '',
  );
}

function retained(workspace: Block): readonly Problem[] {
  const reading = numberAt(workspace.body, RETENTION);
  // Azure's own default is 30.
  if (reading.state === 'absent') return [];
  const why = `keep ${String(RETENTION_DAYS)} days or more`;
  return expectValue(workspace, { argument: RETENTION, reading }, (days) => days >= RETENTION_DAYS, why);
}
