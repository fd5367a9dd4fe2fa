import { z } from 'zod';
import { coordinator, stage, workers } from './cluster-schema';
import { firewallViolations } from './firewall-rules';
import { allow } from './network-schema';
import { reportAll } from './report-all';
import {
  availabilityViolations,
  citusVersionViolations,
  clusterNameViolations,
  coordinatorViolations,
  postgresVersionViolations,
  workerViolations,
} from './service-limits';
import { tagRule } from './tag-rules';
import type { Rule } from './yaml';
import { rule } from './yaml';

/** The part of a file that a rule reads; what stands beside it does not matter. */
const partOf = <Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodType<z.output<z.ZodObject<Shape>>> =>
  z.object(shape);

/** The rules between the values of one file, most of them the service's. */
export const environmentRules: readonly Rule[] = [
  rule(partOf({ cluster: partOf({ name: z.string() }) }), (read, report) =>
    reportAll(['cluster'], clusterNameViolations(read.cluster.name), report),
  ),
  rule(partOf({ cluster: partOf({ postgresVersion: z.int() }) }), (read, report) =>
    reportAll(['cluster'], postgresVersionViolations(read.cluster.postgresVersion), report),
  ),
  rule(partOf({ cluster: partOf({ postgresVersion: z.int(), citusVersion: z.string() }) }), (read, report) =>
    reportAll(
      ['cluster'],
      citusVersionViolations(read.cluster.postgresVersion, read.cluster.citusVersion),
      report,
    ),
  ),
  rule(
    partOf({
      cluster: partOf({ coordinator, workers: z.unknown().optional(), stage: z.unknown().optional() }),
    }),
    (read, report) => {
      // Workers that are written down say that scaling out is foreseen: the coordinator must fit both stages.
      const foreseen = read.cluster.workers !== undefined || read.cluster.stage === 'scaled-out';
      const alone = coordinatorViolations(read.cluster.coordinator, false);
      const leading = foreseen ? coordinatorViolations(read.cluster.coordinator, true) : [];
      const firstOfEach = new Map([...alone, ...leading].map((each) => [each.at.join('.'), each]));
      reportAll(
        ['cluster', 'coordinator'],
        read.cluster.stage === 'scaled-out' ? leading : [...firstOfEach.values()],
        report,
      );
    },
  ),
  rule(partOf({ cluster: partOf({ workers }) }), (read, report) =>
    reportAll(['cluster', 'workers'], workerViolations(read.cluster.workers), report),
  ),
  rule(partOf({ cluster: partOf({ stage, workers: z.undefined().optional() }) }), (read, report) => {
    if (read.cluster.stage === 'scaled-out') {
      report(
        ['cluster', 'stage'],
        'is "scaled-out", and the file names no workers: add them, as in workers: { count: 2, vCores: 4, storageGiB: 512 }',
      );
    }
  }),
  rule(partOf({ cluster: partOf({ highAvailability: z.boolean(), coordinator }) }), (read, report) =>
    reportAll(
      ['cluster'],
      availabilityViolations(read.cluster.highAvailability, read.cluster.coordinator.burstable),
      report,
    ),
  ),
  rule(partOf({ network: partOf({ access: z.literal('firewall'), allow }) }), (read, report) =>
    reportAll(['network', 'allow'], firewallViolations(read.network.allow), report),
  ),
  tagRule,
];
