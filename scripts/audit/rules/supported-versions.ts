import { describeGap, stringAt } from '../attributes';
import { CLUSTER, NO_CLUSTER } from '../azurerm';
import type { Problem, Rule } from '../rule';
import { notApplicable, problemAt, verdict } from '../rule';
import { POSTGRES_VERSIONS, RETIREMENT_NOTICE_DAYS } from '../supported-versions';
import type { Block } from '../synthesized';
import { resourcesOf } from '../synthesized';

const POSTGRES = 'sql_version';
const CITUS = 'citus_version';

export const supportedVersions: Rule = {
  id: 'supported-versions',
  level: 'error',
  property: 'PostgreSQL and Citus are named, a pair the service offers, and not past their end of support.',
  check(stack, facts) {
    const clusters = resourcesOf(stack, CLUSTER);
    if (clusters.length === 0) return notApplicable(NO_CLUSTER);
    return verdict(clusters.flatMap((cluster) => judge(cluster, facts.today)));
  },
};

function judge(cluster: Block, today: string): readonly Problem[] {
  const postgres = stringAt(cluster.body, POSTGRES);
  const citus = stringAt(cluster.body, CITUS);
  const offered = Object.keys(POSTGRES_VERSIONS).join(', ');
  if (postgres.state !== 'value') {
    return [problemAt(cluster, POSTGRES, `${POSTGRES} ${describeGap(postgres)}: name one of ${offered}`)];
  }
  const version = (POSTGRES_VERSIONS as Record<string, { supportedUntil: string; citus: readonly string[] }>)[
    postgres.value
  ];
  if (version === undefined) {
    return [
      problemAt(
        cluster,
        POSTGRES,
        `${POSTGRES} is ${postgres.value}, which the service does not offer: it knows ${offered}`,
      ),
    ];
  }
  return [
    ...retirement(cluster, postgres.value, version.supportedUntil, today),
    ...pair(cluster, postgres.value, version.citus, citus),
  ];
}

function retirement(cluster: Block, major: string, until: string, today: string): readonly Problem[] {
  if (today > until) {
    return [
      problemAt(
        cluster,
        POSTGRES,
        `PostgreSQL ${major} has been out of support since ${until}: no fixes, and no cluster can be created with it. Upgrade to ${newest()} (in place, with downtime, and not reversible)`,
      ),
    ];
  }
  const days = Math.round((Date.parse(until) - Date.parse(today)) / 86_400_000);
  if (days > RETIREMENT_NOTICE_DAYS) return [];
  return [
    problemAt(
      cluster,
      POSTGRES,
      `PostgreSQL ${major} is supported until ${until}, ${String(days)} days from now: plan the upgrade to ${newest()}`,
      'warning',
    ),
  ];
}

function pair(
  cluster: Block,
  major: string,
  offered: readonly string[],
  citus: ReturnType<typeof stringAt>,
): readonly Problem[] {
  if (citus.state === 'value' && offered.includes(citus.value)) return [];
  const what = citus.state === 'value' ? `is ${citus.value}` : describeGap(citus);
  return [
    problemAt(
      cluster,
      CITUS,
      `${CITUS} ${what}: with PostgreSQL ${major} the service offers Citus ${offered.join(', ')}`,
    ),
  ];
}

function newest(): string {
  return Object.keys(POSTGRES_VERSIONS).at(-1) ?? '';
}
