import { z } from 'zod';
import { SERVICES } from '../azure/postgres-services';
import { location, resourceGroup } from '../azure/resource-names';
import { environmentTags } from '../azure/tags';
import { cluster } from './cluster-schema';
import { elasticParameters, elasticRoles, parameters, roles } from './database-schema';
import { elasticCluster } from './elastic-cluster-schema';
import { matching, strictShape, text } from '../file/schema-types';
import { elasticKeyVault, keyVault } from './key-vault-schema';
import { monitoring } from './monitoring-schema';
import { elasticNetwork, network } from './network-schema';
import { state } from './state-schema';

export type { Stage } from './cluster-schema';
export { STAGES } from './cluster-schema';

export const environmentName = matching(
  /^[a-z][a-z0-9-]*$/,
  'a name of lowercase letters, digits and hyphens, starting with a letter',
).describe('Name of the environment, and of its file.');

/** What an environment of either service says. */
const ofEveryEnvironment = {
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
};

const [COSMOS, ELASTIC] = SERVICES;

const cosmosEnvironment = strictShape(
  {
    name: environmentName,
    service: z
      .literal(COSMOS)
      .default(COSMOS)
      .describe('Azure Cosmos DB for PostgreSQL, which is what an environment is where nothing is said.'),
    ...ofEveryEnvironment,
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

const elasticEnvironment = strictShape(
  {
    name: environmentName,
    service: z.literal(ELASTIC).describe('An elastic cluster of Azure Database for PostgreSQL.'),
    ...ofEveryEnvironment,
    cluster: elasticCluster,
    network: elasticNetwork,
    roles: elasticRoles.optional(),
    parameters: elasticParameters.optional(),
    keyVault: elasticKeyVault.optional(),
    monitoring: monitoring.optional(),
    state,
    tags: environmentTags,
  },
  'the settings of an environment',
);

/** `environments/<name>.yaml` as written; {@link parseEnvironment} adds the rules that no schema can say. */
export const environmentSchema = z.discriminatedUnion('service', [cosmosEnvironment, elasticEnvironment], {
  error: SERVICES.join(' or '),
});

/** One environment: what its file says, defaults filled in, every rule of the service kept. */
export type EnvironmentSettings = z.output<typeof environmentSchema>;
/** An environment whose cluster is one of Azure Cosmos DB for PostgreSQL. */
export type CosmosEnvironment = z.output<typeof cosmosEnvironment>;
/** An environment whose cluster is an elastic cluster of Azure Database for PostgreSQL. */
export type ElasticEnvironment = z.output<typeof elasticEnvironment>;
