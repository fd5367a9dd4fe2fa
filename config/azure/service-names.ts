/** The two services of Azure that run PostgreSQL with Citus. A file of its own, since the command line names them too. */
export const SERVICES = ['cosmosdb-postgresql', 'elastic-cluster'] as const;

/** Azure Cosmos DB for PostgreSQL, or an elastic cluster of Azure Database for PostgreSQL. */
export type Service = (typeof SERVICES)[number];

/** The service of an environment that names none. */
export const DEFAULT_SERVICE: Service = 'cosmosdb-postgresql';
