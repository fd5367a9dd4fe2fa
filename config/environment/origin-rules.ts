import { z } from 'zod';
import { clusterId } from '../azure/resource-names';
import { partOf } from '../file/schema-types';
import { reportAll, rule } from '../file/yaml';
import { availabilityViolations } from '../azure/service-limits';
import { show } from '../text/text';
import type { Rule } from '../file/yaml';
import type { Path } from '../file/violations';

const ORIGIN: Path = ['cluster', 'origin'];
const present = z.unknown().refine((value) => value !== undefined && value !== null);
/** One that follows its source; a promoted one is a cluster like any other. */
const replica = { origin: partOf({ replicaOf: z.looseObject({ promoted: z.literal(false).optional() }) }) };

/** What a cluster that is created from another one can be. */
export const originRules: readonly Rule[] = [
  rule(partOf({ cluster: partOf({ origin: z.record(z.string(), z.unknown()) }) }), (read, report) => {
    const { pointInTime, replicaOf } = read.cluster.origin;
    if ((pointInTime === undefined) !== (replicaOf === undefined)) return;
    report(
      ORIGIN,
      pointInTime === undefined
        ? 'names neither pointInTime nor replicaOf: add one of the two, or remove origin'
        : 'names both pointInTime and replicaOf: a cluster has one origin, so remove one of the two',
    );
  }),
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
