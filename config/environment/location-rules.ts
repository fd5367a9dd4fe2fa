import { z } from 'zod';
import { newRegionViolations } from '../azure/regions';
import { location } from '../azure/resource-names';
import { partOf } from '../file/schema-types';
import type { Rule } from '../file/yaml';
import { reportAll, rule } from '../file/yaml';
import { adoptionOf } from './adoption';

const source = z.looseObject({ sourceLocation: z.string() }).optional();
const created = z.looseObject({ pointInTime: source, replicaOf: source });

/** Where a cluster can lie that is not there yet. */
export const locationRule: Rule = rule(
  partOf({ location, cluster: partOf({ origin: z.unknown().optional() }) }),
  ({ location: region, cluster: { origin } }, report) => {
    if (adoptionOf(origin) !== 'none') return;
    const { pointInTime, replicaOf } = created.safeParse(origin).data ?? {};
    const from = pointInTime?.sourceLocation ?? replicaOf?.sourceLocation;
    reportAll(['location'], newRegionViolations(region, from), report);
  },
);
