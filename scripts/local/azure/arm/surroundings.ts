import { ArmError } from './arm';
import { PRINCIPAL_ID, TENANT_ID } from './authentication';
import { sameRegion } from './locations';
import type { Route } from './router';
import { badRequest, isGuid, same } from './values';

/** What there is in Azure that nobody makes through the stand-in, and that requests name. */
export interface Surroundings {
  /** Ids of subscriptions, beside the one that clients are sent to. @default - none */
  readonly subscriptions?: readonly string[];
  /** Object ids of users, groups and service principals, beside the one who logs in here. @default - none */
  readonly principals?: readonly string[];
  /** The regions that subnets lie in, by the resource ids of the subnets. @default - no subnet, and so no network */
  readonly subnets?: Readonly<Record<string, string>>;
}

/** Id of the one subscription that clients are sent to. */
export const SUBSCRIPTION_ID = TENANT_ID;

/** The same routes, which answer for nothing in a subscription that does not exist. */
export function refusingUnknownSubscriptions(
  { subscriptions = [] }: Surroundings,
  routes: readonly Route[],
): Route[] {
  const known = [SUBSCRIPTION_ID, ...subscriptions];
  return routes.map((route) => ({
    ...route,
    handle: (request) => {
      const [, given] = /^\/subscriptions\/([^/]+)/i.exec(request.path) ?? [];
      if (given !== undefined) requireSubscription(known, decodeURIComponent(given));
      return route.handle(request);
    },
  }));
}

function requireSubscription(known: readonly string[], id: string): void {
  if (!isGuid(id)) {
    throw badRequest(
      `The provided subscription identifier '${id}' is malformed or invalid.`,
      'InvalidSubscriptionId',
    );
  }
  if (known.some((each) => same(each, id))) return;
  throw new ArmError(404, 'SubscriptionNotFound', `The subscription '${id}' could not be found.`);
}

/** @throws ArmError 400 for somebody whom the tenant does not know */
export function requirePrincipal({ principals = [] }: Surroundings, id: string): void {
  if ([PRINCIPAL_ID, ...principals].some((each) => same(each, id))) return;
  throw badRequest(
    `Principal ${id.replaceAll('-', '')} does not exist in the directory ${TENANT_ID}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.`,
    'PrincipalNotFound',
  );
}

/**
 * @param region where what is put into the subnet lies: Azure looks for the subnet there alone
 * @param by id of what is put into it
 * @throws ArmError 400 for a subnet that is not there
 */
export function requireSubnet(
  { subnets = {} }: Surroundings,
  { subnet, region, by }: { readonly subnet: string; readonly region: string; readonly by: string },
): void {
  if (Object.entries(subnets).some(([id, where]) => same(id, subnet) && sameRegion(where) === region)) return;
  throw badRequest(
    `Resource ${subnet} referenced by resource ${by} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
    'InvalidResourceReference',
  );
}

/** @throws ArmError 400 for a virtual network that has no subnet, as far as anybody here knows */
export function requireNetwork({ subnets = {} }: Surroundings, id: string): void {
  if (Object.keys(subnets).some((subnet) => same(subnet.replace(/\/subnets\/[^/]+$/i, ''), id))) return;
  throw badRequest(`Virtual network resource not found for '${id}'.`);
}
