import { z } from 'zod';
import { location, resourceGroup } from '../azure/resource-names';
import { environmentTags } from '../azure/tags';
import { cluster } from './cluster-schema';
import { parameters, roles } from './database-schema';
import { matching, strictShape, text } from '../file/schema-types';
import { keyVault } from './key-vault-schema';
import { monitoring } from './monitoring-schema';
import { network } from './network-schema';
import { state } from './state-schema';

export type { Stage } from './cluster-schema';
export { STAGES } from './cluster-schema';

/** `environments/<name>.yaml` as written; {@link parseEnvironment} adds the rules that no schema can say. */
export const environmentSchema = strictShape(
  {
    name: matching(
      /^[a-z][a-z0-9-]*$/,
      'a name of lowercase letters, digits and hyphens, starting with a letter',
    ).describe('Name of the environment, and of its file.'),
    location: location.describe('Region, as in westus2.'),
    resourceGroup: resourceGroup.describe(
      'Resource group that is created for the cluster, or that an adopted one lies in.',
    ),
    workload: text('the name of a workload').describe(
      'What the database is for: a directory of workloads/, or a variant in it, as payments-partitioned.',
    ),
    production: z
      .boolean({ error: 'true or false, whether this is production' })
      .describe(
        'Whether the audit holds it to the rules of production. Said here, and never guessed from a name.',
      ),
    cluster,
    network,
    roles: roles.optional(),
    parameters: parameters.optional(),
    keyVault: keyVault.optional(),
    monitoring: monitoring.optional(),
    state,
    tags: environmentTags,
  },
  'the settings of an environment',
);

/** One environment: what its file says, defaults filled in, every rule of the service kept. */
export type EnvironmentSettings = z.output<typeof environmentSchema>;
export type ClusterSettings = EnvironmentSettings['cluster'];
