import { authenticationRoutes } from '../arm/authentication';
import { authorizationRoutes } from '../arm/authorization';
import { lockRoutes, obeyingLocks } from '../arm/locks';
import type { Operations } from '../arm/operations';
import { refusingDeletedGroups, resourceGroupRoutes } from '../arm/resources';
import type { Route } from '../arm/router';
import type { ResourceStore } from '../arm/store';
import { subscriptionRoutes } from '../arm/subscriptions';
import type { Surroundings } from '../arm/surroundings';
import { refusingUnknownSubscriptions } from '../arm/surroundings';
import { keyVaultRoutes } from '../key-vault/key-vault';
import { keyVaultSecretRoutes } from '../key-vault/key-vault-secrets';
import { logAnalyticsRoutes } from '../monitor/log-analytics';
import { monitorRoutes } from '../monitor/monitor';
import { flexibleServerRoutes } from '../flexible-servers/servers';
import { flexibleServerActionRoutes } from '../flexible-servers/server-actions';
import { flexibleServerConfigurationRoutes } from '../flexible-servers/server-configurations';
import { flexibleServerFirewallRoutes } from '../flexible-servers/server-firewall';
import { flexibleServerLinkRoutes } from '../flexible-servers/server-links';
import { connectElasticClusters } from '../flexible-servers/server-effect';
import { serverNamed } from '../flexible-servers/server-names';
import { networkRoutes } from '../network/network';
import type { ClusterBackend } from '../postgresql/cluster-backend';
import { connectClusters } from '../postgresql/cluster-backend';
import type { PostgresqlOptions } from '../postgresql/postgresql';
import { postgresqlRoutes } from '../postgresql/postgresql';
import { postgresqlConfigurationRoutes } from '../postgresql/postgresql-configurations';
import { postgresqlActionRoutes } from '../postgresql/postgresql-actions';
import { clusterOfServer, postgresqlServerRoutes } from '../postgresql/postgresql-servers';
import { postgresqlFirewallRoutes } from '../postgresql/postgresql-firewall';
import { postgresqlRoleRoutes } from '../postgresql/postgresql-roles';
import { storageRoutes } from '../storage/storage';

/** Everything that answers in this Azure; of two routes for one address the first one does. */
export function routesOf(
  store: ResourceStore,
  operations: Operations,
  options: PostgresqlOptions & { readonly surroundings: Surroundings },
): Route[] {
  const { surroundings } = options;
  const routes = [
    ...authenticationRoutes(),
    ...subscriptionRoutes(),
    ...operations.routes(),
    ...resourceGroupRoutes(store, operations),
    ...authorizationRoutes(store, surroundings),
    ...keyVaultRoutes(store, operations),
    ...keyVaultSecretRoutes(store),
    ...logAnalyticsRoutes(store),
    ...monitorRoutes(store),
    ...storageRoutes(store),
    ...postgresqlRoutes(store, operations, options),
    ...postgresqlActionRoutes(store, operations),
    ...postgresqlServerRoutes(store),
    ...postgresqlFirewallRoutes(store, operations),
    ...postgresqlRoleRoutes(store, operations),
    ...postgresqlConfigurationRoutes(store, operations),
    ...flexibleServerRoutes(store, operations, options.takenNames),
    ...flexibleServerActionRoutes(store, operations),
    ...flexibleServerFirewallRoutes(store, operations),
    ...flexibleServerConfigurationRoutes(store, operations),
    ...flexibleServerLinkRoutes(store),
    ...networkRoutes(store, operations, surroundings),
    ...lockRoutes(store),
  ];
  const obeying = obeyingLocks(store, refusingDeletedGroups(store, routes));
  return refusingUnknownSubscriptions(surroundings, obeying);
}

/** Puts `backend` behind every cluster that operations work on, of either service. */
export function connectBackend(operations: Operations, backend: ClusterBackend): void {
  connectClusters(operations, backend);
  connectElasticClusters(operations, backend);
}

/** Id of the cluster whose coordinator clients reach by a name: an elastic cluster has no other name. */
export function clusterReachedBy(store: ResourceStore, fullyQualifiedDomainName: string): string | undefined {
  const server = clusterOfServer(store, fullyQualifiedDomainName);
  return server?.node === 'c' ? server.clusterId : serverNamed(store, fullyQualifiedDomainName)?.id;
}
