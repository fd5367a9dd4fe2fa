import { z } from 'zod';
import { clusterId } from '../azure/resource-names';
import { partOf } from '../file/schema-types';
import { reportAll, rule } from '../file/yaml';
import { availabilityViolations } from '../azure/service-limits';
import { allOf, show } from '../text/text';
import type { Rule } from '../file/yaml';
import type { Path } from '../file/violations';

const ORIGIN: Path = ['cluster', 'origin'];
const KINDS = ['adopt', 'pointInTime', 'replicaOf'];
const ADOPTED = /resourceGroups\/([^/]+)\/.*\/([^/]+)$/;
const NEW_REFUSED =
  'is missing, and Azure refuses new clusters of Azure Cosmos DB for PostgreSQL since 30 March 2026 (the service ends on 31 March 2029): adopt a cluster that exists (npx scaleout adopt), restore one or make a replica of one, or create an elastic cluster of Azure Database for PostgreSQL instead; where this subscription may, or the state holds the cluster already, say so in cluster.allowNew';
const present = z.unknown().refine((value) => value !== undefined && value !== null);
/** One that follows its source; a promoted one is a cluster like any other. */
const replica = { origin: partOf({ replicaOf: z.looseObject({ promoted: z.literal(false).optional() }) }) };

/** What a cluster that is created from another one can be. */
export const originRules: readonly Rule[] = [
  rule(partOf({ cluster: partOf({ origin: z.record(z.string(), z.unknown()) }) }), (read, report) => {
    const { adopt, imported, ...created } = read.cluster.origin;
    const named = Object.keys({ ...(adopt === undefined ? {} : { adopt }), ...created }).filter((kind) =>
      KINDS.includes(kind),
    );
    if (named.length === 0) report(ORIGIN, `names none of ${allOf(KINDS)}: add one, or remove origin`);
    if (named.length > 1) report(ORIGIN, `names ${allOf(named)}: a cluster has one origin, so keep one`);
    if (imported !== undefined && adopt === undefined) {
      report([...ORIGIN, 'imported'], 'is for a cluster that is adopted, and there is no adopt: remove it');
    }
  }),
  rule(
    partOf({
      cluster: partOf({
        name: z.string(),
        origin: partOf({ adopt: clusterId }),
      }),
      resourceGroup: z.string(),
    }),
    ({ cluster: { name, origin }, resourceGroup }, report) => {
      const [, group = '', cluster = ''] = ADOPTED.exec(origin.adopt) ?? [];
      if (cluster !== name) {
        report(
          ['cluster', 'name'],
          `is ${show(name)}, and the adopted cluster is ${show(cluster)}: write that`,
        );
      }
      if (group.toLowerCase() !== resourceGroup.toLowerCase()) {
        report(
          ['resourceGroup'],
          `is ${show(resourceGroup)}, and the adopted cluster lies in ${show(group)}: write that`,
        );
      }
    },
  ),
  rule(
    partOf({ cluster: partOf({ origin: z.unknown().optional(), allowNew: present.optional() }) }),
    (read, report) => {
      const { origin, allowNew } = read.cluster;
      if (origin === undefined && allowNew === undefined) report(ORIGIN, NEW_REFUSED);
      if (origin !== undefined && allowNew !== undefined) {
        report(
          ['cluster', 'allowNew'],
          'is for a cluster that begins empty, and this one has an origin: remove one of the two',
        );
      }
    },
  ),
  notItself('pointInTime'),
  notItself('replicaOf'),
  rule(partOf({ cluster: partOf({ ...replica, highAvailability: z.boolean() }) }), ({ cluster }, report) =>
    reportAll(
      ['cluster', 'highAvailability'],
      availabilityViolations(cluster.highAvailability, { follows: true }),
      report,
    ),
  ),
  rule(partOf({ cluster: partOf(replica), roles: present }), (_, report) => {
    report(['roles'], 'are given to a replica, which is read-only and has those of its source: remove them');
  }),
  rule(partOf({ cluster: partOf(replica), keyVault: present }), (_, report) => {
    report(
      ['keyVault'],
      "is for the password of citus, and that of a replica is its source's: remove it, and read it where the source keeps it",
    );
  }),
];

function notItself(kind: 'pointInTime' | 'replicaOf'): Rule {
  return rule(
    partOf({
      cluster: partOf({
        name: z.string(),
        origin: partOf({ [kind]: partOf({ sourceClusterId: clusterId }) }),
      }),
    }),
    ({ cluster: { name, origin } }, report) => {
      const id = origin[kind]?.sourceClusterId ?? '';
      if (id.split('/').at(-1)?.toLowerCase() !== name.toLowerCase()) return;
      report(
        [...ORIGIN, kind, 'sourceClusterId'],
        `names the cluster ${show(name)} itself: an origin is another cluster, so give this one a name of its own`,
      );
    },
  );
}
