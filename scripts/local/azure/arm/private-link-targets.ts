import { FLEXIBLE_SERVER_TYPE, fullyQualifiedDomainNameOf } from './flexible-server-parts';
import type { ServerName } from './postgresql-parts';
import { CLUSTER_TYPE, serverNamesOf } from './postgresql-parts';
import type { Resource } from './store';

/** The types of resource that private endpoints here lead to. */
export const LINK_TARGET_TYPES: readonly string[] = [CLUSTER_TYPE, FLEXIBLE_SERVER_TYPE];

/** What a private endpoint can lead to within a resource, as its sub-resources are called. */
export function linkTargetsOf(resource: Resource): ServerName[] {
  if (resource.type !== FLEXIBLE_SERVER_TYPE) return serverNamesOf(resource);
  return [
    {
      subresource: FLEXIBLE_SERVER_SUBRESOURCE,
      fullyQualifiedDomainName: fullyQualifiedDomainNameOf(resource),
    },
  ];
}

/** A flexible server is reached as a whole, an elastic cluster on each of its ports. */
export const FLEXIBLE_SERVER_SUBRESOURCE = 'postgresqlServer';
