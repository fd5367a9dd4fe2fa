/** Names and ids as Azure Resource Manager takes them, of any kind of resource. */
import { z } from 'zod';
import { matching, text } from '../file/schema-types';
import { regionMeant } from './regions';

const REGION = "a region as Azure's tools write it, as in westus2";

/** A region as Azure's tools write it. The provider would take "West US 2" as well, and keep another text in the state. */
export const location = text(REGION).regex(/^[a-z][a-z0-9]*$/, {
  error: ({ input }) => `${REGION}${typeof input === 'string' ? regionMeant(input) : ''}`,
});

export const resourceGroup = matching(
  /^[\w().-]{0,89}[\w()-]$/,
  'the name of a resource group: 1 to 90 letters, digits, _, -, ( ), and dots except at the end',
);

export const resourceId = text('the id of a resource').startsWith('/subscriptions/', {
  error: 'the id of a resource: /subscriptions/ID/...',
});

/** The provider is strict about capitals in the parts that are fixed. */
export const clusterId = matching(
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.DBforPostgreSQL\/serverGroupsv2\/[^/]+$/,
  'the resource id of a cluster, with these capitals: /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/NAME',
);

/** The same for an elastic cluster, which is a flexible server to Azure. */
export const elasticClusterId = matching(
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.DBforPostgreSQL\/flexibleServers\/[^/]+$/,
  'the resource id of an elastic cluster, with these capitals: /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.DBforPostgreSQL/flexibleServers/NAME',
);

const VIRTUAL_NETWORK =
  '/subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NETWORK';

export const virtualNetworkId = matching(
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+$/i,
  `the resource id of a virtual network: ${VIRTUAL_NETWORK}`,
);

/** The first group is the id of the subnet's virtual network. */
const SUBNET_ID =
  /^(\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+)\/subnets\/[^/]+$/i;

export const subnetId = matching(SUBNET_ID, `the resource id of a subnet: ${VIRTUAL_NETWORK}/subnets/SUBNET`);

/** The id of the virtual network that a subnet is in. @throws Error when it is no subnet's id */
export function virtualNetworkOf(id: string): string {
  const network = SUBNET_ID.exec(id)?.[1];
  if (network === undefined) throw new Error(`"${id}" is not the resource id of a subnet`);
  return network;
}

export const tenantId = z.guid({
  error: 'the id of an Entra tenant, as in 00000000-0000-0000-0000-000000000000',
});

export const principalId = z.guid({
  error:
    'the object id of a user, group or service principal in Entra, as in 00000000-0000-0000-0000-000000000000',
});
