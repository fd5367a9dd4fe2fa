import { z } from 'zod';
import { coordinator, stage } from './cluster-schema';
import { elasticRules } from './elastic-rules';
import { isOfService } from './environment-service';
import type { Service } from '../azure/postgres-services';
import { databaseRules } from './database-rules';
import { locationRule } from './location-rules';
import { networkRules } from './network-rules';
import { originRules } from './origin-rules';
import { partOf } from '../file/schema-types';
import { reportAll, rule } from '../file/yaml';
import type { CoordinatorSize, WorkerSize } from '../azure/service-limits';
import {
  availabilityViolations,
  citusVersionViolations,
  coordinatorViolations,
  growingCoordinatorViolations,
  newVersionViolations,
  workerViolations,
} from '../azure/service-limits';
import { keyVaultRules } from './key-vault-rules';
import { tagRule } from './tag-rules';
import type { Rule } from '../file/yaml';

/** As the file has it, where `burstable` may be left out. */
type WrittenCoordinator = Omit<CoordinatorSize, 'burstable'> & { readonly burstable?: boolean };

/** A size with whatever it holds: fields that are no sizes at all are for the schema to refuse. */
const sizeOf = <Size>(): z.ZodType<Size> =>
  z.custom<Size>((size) => typeof size === 'object' && size !== null);

/** The rules between the values of a file of Azure Cosmos DB for PostgreSQL, most of them the service's. */
const cosmosRules: readonly Rule[] = [
  rule(
    partOf({ cluster: partOf({ postgresVersion: z.int(), origin: z.undefined().optional() }) }),
    (read, report) =>
      reportAll(['cluster', 'postgresVersion'], newVersionViolations(read.cluster.postgresVersion), report),
  ),
  rule(partOf({ cluster: partOf({ postgresVersion: z.int(), citusVersion: z.string() }) }), (read, report) =>
    reportAll(
      ['cluster', 'citusVersion'],
      citusVersionViolations(read.cluster.postgresVersion, read.cluster.citusVersion),
      report,
    ),
  ),
  rule(
    partOf({
      cluster: partOf({
        coordinator: sizeOf<WrittenCoordinator>(),
        workers: z.unknown().optional(),
        stage: z.unknown().optional(),
      }),
    }),
    (read, report) => {
      // Workers that are written down say that scaling out is foreseen: the coordinator must fit both stages.
      const foreseen = read.cluster.workers !== undefined;
      const { stage: at, coordinator: written } = read.cluster;
      const size = { ...written, burstable: written.burstable === true };
      const violations =
        at === 'scaled-out'
          ? coordinatorViolations(size, true)
          : foreseen
            ? growingCoordinatorViolations(size)
            : coordinatorViolations(size, false);
      reportAll(['cluster', 'coordinator'], violations, report);
    },
  ),
  rule(partOf({ cluster: partOf({ workers: sizeOf<WorkerSize>() }) }), (read, report) =>
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
      ['cluster', 'highAvailability'],
      availabilityViolations(read.cluster.highAvailability, read.cluster.coordinator),
      report,
    ),
  ),
  ...originRules,
  ...networkRules,
  ...databaseRules,
];

/** The rules between the values of one file. */
export const environmentRules: readonly Rule[] = [
  ...ofService('cosmosdb-postgresql', cosmosRules),
  ...ofService('elastic-cluster', elasticRules),
  locationRule,
  ...keyVaultRules,
  tagRule,
];

/** Rules that hold for the files of one service. */
function ofService(service: Service, rules: readonly Rule[]): Rule[] {
  return rules.map(({ run }) => ({
    run(data, report) {
      if (isOfService(data, service)) run(data, report);
    },
  }));
}
