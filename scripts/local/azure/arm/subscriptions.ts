import { param } from './arm';
import type { Route } from './router';

/** The resource providers that answer here: registered everywhere, as nobody is asked to register them. */
const NAMESPACES = [
  'Microsoft.Authorization',
  'Microsoft.DBforPostgreSQL',
  'Microsoft.Insights',
  'Microsoft.KeyVault',
  'Microsoft.Network',
  'Microsoft.OperationalInsights',
  'Microsoft.Resources',
  'Microsoft.Storage',
];

/** What there is to know of a subscription; those that there are, the stand-in is told. */
export function subscriptionRoutes(): Route[] {
  return [
    {
      method: 'GET',
      pattern: '/subscriptions/{subscription}',
      apiVersions: ['2022-12-01'],
      handle: (request) => ({
        status: 200,
        body: {
          id: `/subscriptions/${param(request, 'subscription')}`,
          subscriptionId: param(request, 'subscription'),
          displayName: 'Stand-in',
          state: 'Enabled',
        },
      }),
    },
    {
      method: 'GET',
      pattern: '/subscriptions/{subscription}/providers',
      apiVersions: ['2022-09-01'],
      handle: (request) => ({
        status: 200,
        body: {
          value: NAMESPACES.map((namespace) => ({
            id: `/subscriptions/${param(request, 'subscription')}/providers/${namespace}`,
            namespace,
            registrationState: 'Registered',
            registrationPolicy: 'RegistrationRequired',
            resourceTypes: [],
          })),
        },
      }),
    },
  ];
}
