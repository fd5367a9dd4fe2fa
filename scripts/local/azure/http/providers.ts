import { authenticationRoutes } from '../arm/authentication';
import { authorizationRoutes } from '../arm/authorization';
import { lockRoutes, obeyingLocks } from '../arm/locks';
import type { Operations } from '../arm/operations';
import { refusingDeletedGroups, resourceGroupRoutes } from '../arm/resources';
import type { Route } from '../arm/router';
import type { ResourceStore } from '../arm/store';
import { subscriptionRoutes } from '../arm/subscriptions';
import { keyVaultRoutes } from '../key-vault/key-vault';
import { keyVaultSecretRoutes } from '../key-vault/key-vault-secrets';
import { logAnalyticsRoutes } from '../monitor/log-analytics';
import { monitorRoutes } from '../monitor/monitor';
import { networkRoutes } from '../network/network';
import type { PostgresqlOptions } from '../postgresql/postgresql';
import { postgresqlRoutes } from '../postgresql/postgresql';
import { postgresqlConfigurationRoutes } from '../postgresql/postgresql-configurations';
import { postgresqlActionRoutes } from '../postgresql/postgresql-actions';
import { postgresqlServerRoutes } from '../postgresql/postgresql-servers';
import { postgresqlFirewallRoutes } from '../postgresql/postgresql-firewall';
import { postgresqlRoleRoutes } from '../postgresql/postgresql-roles';
import { storageRoutes } from '../storage/storage';

/** Everything that answers in this Azure; of two routes for one address the first one does. */
export function routesOf(store: ResourceStore, operations: Operations, options: PostgresqlOptions): Route[] {
  const routes = [
    ...authenticationRoutes(),
    ...subscriptionRoutes(),
    ...operations.routes(),
    ...resourceGroupRoutes(store, operations),
    ...authorizationRoutes(store),
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
    ...networkRoutes(store, operations),
    ...lockRoutes(store),
  ];
  return obeyingLocks(store, refusingDeletedGroups(store, routes));
}
