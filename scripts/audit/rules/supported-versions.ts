import { ELASTIC_POSTGRES_SUPPORT } from '../../../config/azure/elastic-limits';
import {
  NEW_CLUSTERS_END,
  POSTGRES_VERSIONS,
  RETIRED_POSTGRES_VERSIONS,
  SERVICE_ENDS,
} from '../../../config/azure/service-limits';
import { describeGap, stringAt } from '../stack/attributes';
import { CLUSTER, CLUSTERS, ELASTIC_CLUSTER, NO_CLUSTER } from '../stack/azurerm';
import type { Problem, Rule } from '../rule-parts/rule';
import { expectWord } from '../rule-parts/expectations';
import { problemAt, problemOf, verdictOn } from '../rule-parts/rule';
import { statedReason } from '../rule-parts/stated-reason';
import type { Block } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';

const POSTGRES = 'sql_version';
const CITUS = 'citus_version';
/** Of an elastic cluster, for which Azure chooses the version of Citus. */
const ELASTIC_POSTGRES = 'version';

/** Days before the end of support in which a version is warned about: time to plan an upgrade. */
export const RETIREMENT_NOTICE_DAYS = 180;

export const supportedVersions: Rule = {
  id: 'supported-versions',
  level: 'error',
  // No version of an existing cluster is changed while it is taken over.
  hardening: ['retired', 'retiring', CITUS],
  property: 'PostgreSQL and Citus are named, a pair the service offers, and not past their end of support.',
  why: 'A version without support gets no fixes, and no cluster can be created with it.',
  remedy: 'Upgrade, or plan the move to another cluster.',
  controls: ['MCSB PV-6'],
  check(stack, facts) {
    const found = verdictOn(stack, CLUSTERS, NO_CLUSTER, (clusters) =>
      clusters.flatMap((cluster) =>
        cluster.type === ELASTIC_CLUSTER ? judgeElastic(cluster, facts.today) : judge(cluster, facts.today),
      ),
    );
    return {
      ...found,
      notes: resourcesOf(stack, CLUSTER).flatMap((cluster) => notesOf(cluster, facts.today)),
    };
  },
};

function judge(cluster: Block, today: string): readonly Problem[] {
  const postgres = stringAt(cluster.body, POSTGRES);
  if (postgres.state !== 'value') {
    return [problemAt(cluster, POSTGRES, `${POSTGRES} ${describeGap(postgres)}: name one of ${offered()}`)];
  }
  const version = POSTGRES_VERSIONS.find((each) => String(each.postgres) === postgres.value);
  if (version !== undefined) {
    return [
      ...retirement(cluster, postgres.value, version.retires, today),
      ...expectWord(
        cluster,
        CITUS,
        [version.citus],
        `with PostgreSQL ${postgres.value} the service offers Citus ${version.citus}`,
      ),
    ];
  }
  const retired = RETIRED_POSTGRES_VERSIONS.find((each) => String(each.postgres) === postgres.value);
  if (retired !== undefined) return retirement(cluster, postgres.value, retired.retired, today);
  return [
    problemAt(
      cluster,
      POSTGRES,
      `${POSTGRES} is ${postgres.value}, which the service does not offer: it knows ${offered()}`,
    ),
  ];
}

/** There is one major, and no upgrade to another: the next one is another cluster. */
function judgeElastic(cluster: Block, today: string): readonly Problem[] {
  const { postgres, retires } = ELASTIC_POSTGRES_SUPPORT;
  const days = daysBetween(today, retires);
  const found = expectWord(
    cluster,
    ELASTIC_POSTGRES,
    [String(postgres)],
    `an elastic cluster has PostgreSQL ${String(postgres)} and no other, and never another one`,
  );
  if (found.length > 0 || days > RETIREMENT_NOTICE_DAYS) return found;
  const next = 'an elastic cluster has no major upgrade, so plan the move to a new one';
  return [
    days < 0
      ? problemAt(
          cluster,
          ELASTIC_POSTGRES,
          `PostgreSQL ${String(postgres)} has been out of support since ${retires}: ${next}`,
          { check: 'retired' },
        )
      : problemAt(
          cluster,
          ELASTIC_POSTGRES,
          `PostgreSQL ${String(postgres)} is supported until ${retires}, ${String(days)} days from now: ${next}`,
          { check: 'retiring', level: 'warning' },
        ),
  ];
}

/** What no choice of a version changes. */
function notesOf(cluster: Block, today: string): readonly Problem[] {
  const days = daysBetween(today, SERVICE_ENDS);
  const when = days < 0 ? 'ended' : `ends in ${days.toLocaleString('en-US')} days`;
  const reason = statedReason(cluster, 'allowNew');
  return [
    problemOf(
      cluster,
      'service-ends',
      `Azure Cosmos DB for PostgreSQL ${when}, on ${SERVICE_ENDS}, whatever the version: plan the move to an elastic cluster of Azure Database for PostgreSQL`,
    ),
    ...(reason === undefined
      ? []
      : [
          problemOf(
            cluster,
            'new-cluster',
            `Azure refuses new clusters of this service since ${NEW_CLUSTERS_END}, and this one has no origin. The reason given: "${reason}"`,
          ),
        ]),
  ];
}

function retirement(cluster: Block, major: string, until: string, today: string): readonly Problem[] {
  if (today > until) {
    return [
      problemAt(
        cluster,
        POSTGRES,
        `PostgreSQL ${major} has been out of support since ${until}: no fixes, and no cluster can be created with it. Upgrade to ${newest()} (in place, with downtime, and not reversible)`,
        { check: 'retired' },
      ),
    ];
  }
  const days = daysBetween(today, until);
  if (days > RETIREMENT_NOTICE_DAYS) return [];
  return [
    problemAt(
      cluster,
      POSTGRES,
      `PostgreSQL ${major} is supported until ${until}, ${String(days)} days from now: plan the upgrade to ${newest()}`,
      { check: 'retiring', level: 'warning' },
    ),
  ];
}

function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
}

function newest(): string {
  return String(POSTGRES_VERSIONS.at(-1)?.postgres);
}

function offered(): string {
  return POSTGRES_VERSIONS.map(({ postgres }) => postgres).join(', ');
}
