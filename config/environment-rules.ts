import { z } from 'zod';
import { coordinator, stage, workers } from './cluster-schema';
import { databaseRules } from './database-rules';
import { networkRules } from './network-rules';
import { originRules } from './origin-rules';
import { partOf } from './part-of';
import { reportAll } from './report-all';
import {
  availabilityViolations,
  citusVersionViolations,
  clusterNameViolations,
  coordinatorViolations,
  growingCoordinatorViolations,
  postgresVersionViolations,
  workerViolations,
} from './service-limits';
import { supportRules } from './support-rules';
import { tagRule } from './tag-rules';
import type { Rule } from './yaml';
import { rule } from './yaml';

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
      const foreseen = read.cluster.workers !== undefined;
      const { stage: at, coordinator: size } = read.cluster;
      const violations =
        at === 'scaled-out'
          ? coordinatorViolations(size, true)
          : foreseen
            ? growingCoordinatorViolations(size)
            : coordinatorViolations(size, false);
      reportAll(['cluster', 'coordinator'], violations, report);
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
  ...originRules,
  ...networkRules,
  ...databaseRules,
  ...supportRules,
  tagRule,
];
