/** The two services of Azure that run PostgreSQL with Citus, and what an environment, a construct and an audit need to know of each. */
import type { z } from 'zod';
import { elasticClusterName } from './elastic-limits';
import { clusterId, elasticClusterId } from './resource-names';
import { clusterName } from './service-limits';
import type { Service } from './service-names';

export type { Service } from './service-names';
export { DEFAULT_SERVICE, SERVICES } from './service-names';

export interface ServiceFacts {
  /** Resource id of a cluster. */
  readonly clusterId: z.ZodType<string>;
  readonly clusterName: z.ZodType<string>;
  /** Where Azure Monitor keeps the metrics of its nodes. */
  readonly metricNamespace: string;
  /** Every kind of log that leaves the service. */
  readonly logCategories: readonly string[];
  /** The service's own: names of the cluster resolve to a private endpoint only in a zone of this name. */
  readonly privateDnsZone: string;
  /** The part of a cluster that clients talk to, as a private endpoint names it; workers of Cosmos DB have others. */
  readonly endpointSubresource: string;
}

export const SERVICE_FACTS: Readonly<Record<Service, ServiceFacts>> = {
  'cosmosdb-postgresql': {
    clusterId,
    clusterName,
    metricNamespace: 'Microsoft.DBForPostgreSQL/serverGroupsv2',
    logCategories: ['PostgreSQLLogs'],
    privateDnsZone: 'privatelink.postgres.cosmos.azure.com',
    endpointSubresource: 'coordinator',
  },
  'elastic-cluster': {
    clusterId: elasticClusterId,
    clusterName: elasticClusterName,
    metricNamespace: 'Microsoft.DBforPostgreSQL/flexibleServers',
    logCategories: [
      'PostgreSQLLogs',
      'PostgreSQLFlexSessions',
      'PostgreSQLFlexTableStats',
      'PostgreSQLFlexDatabaseXacts',
    ],
    privateDnsZone: 'privatelink.postgres.database.azure.com',
    endpointSubresource: 'postgresqlServer',
  },
};
