import { z } from 'zod';
import { allow, coordinator, RESERVED_TAGS, stage, workers } from './environment-schema';
import { firewallViolations } from './firewall-rules';
import type { Violation } from './service-limits';
import {
  availabilityViolations,
  citusVersionViolations,
  clusterNameViolations,
  coordinatorViolations,
  postgresVersionViolations,
  workerViolations,
} from './service-limits';
import type { Path, Report, Rule } from './yaml';
import { rule } from './yaml';

/** The part of a file that a rule reads; what stands beside it does not matter. */
const partOf = <Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodType<z.output<z.ZodObject<Shape>>> =>
  z.object(shape);

/** The rules between the values of one file: those of the service, and ours about tags. */
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
  rule(partOf({ tags: z.record(z.string(), z.unknown()) }), (read, report) => {
    for (const name of Object.keys(read.tags)) {
      const reserved = RESERVED_TAGS.find((tag) => tag.toLowerCase() === name.toLowerCase());
      if (reserved !== undefined) {
        report(['tags', name], `is set for every resource and cannot be changed: remove it`);
      } else if (/[<>%&\\?/]/.test(name) || name.length > 512) {
        report(
          ['tags', name],
          'is no name of a tag: it has at most 512 characters and none of < > % & \\ ? /',
        );
      }
    }
  }),
];

function reportAll(at: Path, violations: readonly Violation[], report: Report): void {
  for (const violation of violations) {
    report([...at, ...violation.at.map((key) => (/^\d+$/.test(key) ? Number(key) : key))], violation.problem);
  }
}
