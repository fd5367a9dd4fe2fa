import type { Rule } from '../rule-parts/rule';
import { problemAt, verdictOn } from '../rule-parts/rule';
import { booleanAt, describe } from '../stack/attributes';
import { CLUSTERS, CLIENT_CONFIG, NO_CLUSTER } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import { plainReference } from '../stack/expressions';

export const entraAuthentication: Rule = {
  id: 'entra-authentication',
  level: 'error',
  property: 'Where a cluster says how people sign in, Entra ID is among it, of the own tenant.',
  why: 'Passwords of the database outlive the people who had them.',
  remedy: 'Set active_directory_auth_enabled to true and leave the tenant to whoever deploys.',
  controls: ['MCSB IM-1'],
  hardening: 'all',
  check: (stack) =>
    verdictOn(stack, CLUSTERS, NO_CLUSTER, (clusters) =>
      clusters.flatMap((cluster) =>
        blocksAt(cluster.body, 'authentication').flatMap((block) => {
          const entra = booleanAt(block, 'active_directory_auth_enabled');
          return [
            ...(entra.state === 'value' && entra.value
              ? []
              : [
                  problemAt(
                    cluster,
                    'authentication',
                    `active_directory_auth_enabled ${describe(entra)}: people sign in with passwords alone. Set it to true`,
                    { check: 'entra' },
                  ),
                ]),
            ...(plainReference(block['tenant_id'])?.type === CLIENT_CONFIG ||
            (block['tenant_id'] ?? null) === null
              ? []
              : [
                  problemAt(
                    cluster,
                    'authentication',
                    'authentication.tenant_id names a tenant: leave it to whoever deploys',
                    { check: 'tenant' },
                  ),
                ]),
          ];
        }),
      ),
    ),
};
