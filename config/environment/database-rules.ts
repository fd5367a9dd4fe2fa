import { z } from 'zod';
import { roleViolations } from '../azure/database-roles';
import { parameterValue } from './database-schema';
import { partOf } from '../file/schema-types';
import { reportAll, rule } from '../file/yaml';
import type { ParametersOf } from '../azure/server-parameters';
import { parameterViolations } from '../azure/server-parameters';
import type { Rule } from '../file/yaml';

/** A role as a file has it: a name that is none is told by the schema. */
export const writtenRole = z.object({ name: z.string().catch('') }).catch({ name: '' });

/** What the service asks of roles and server parameters. */
export const databaseRules: readonly Rule[] = [
  rule(partOf({ roles: z.array(writtenRole) }), (read, report) =>
    reportAll(['roles'], roleViolations(read.roles), report),
  ),
  parameters('coordinator'),
  parameters('workers'),
  rule(
    partOf({
      parameters: partOf({ workers: z.record(z.string(), z.unknown()) }),
      cluster: partOf({ workers: z.undefined().optional() }),
    }),
    (_, report) => {
      report(
        ['parameters', 'workers'],
        'are for workers, and the file names none: add cluster.workers, or remove them',
      );
    },
  ),
];

function parameters(kind: ParametersOf): Rule {
  return rule(
    partOf({
      parameters: partOf({ [kind]: z.record(z.string(), parameterValue.catch('')) }),
      // Which parameters there are follows from the version; another issue of it is told at its own place.
      cluster: partOf({ postgresVersion: z.int().optional().catch(undefined) }),
    }),
    (read, report) =>
      reportAll(
        ['parameters', kind],
        parameterViolations(read.parameters[kind] ?? {}, kind, read.cluster.postgresVersion),
        report,
      ),
  );
}
