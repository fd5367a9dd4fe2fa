/** The resource id of a subnet; the first group is the id of its virtual network. */
export const SUBNET_ID =
  /^(\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+)\/subnets\/[^/]+$/i;

/** The id of the virtual network a subnet is in. @throws Error when it is no subnet's id */
export function virtualNetworkOf(subnetId: string): string {
  const network = SUBNET_ID.exec(subnetId)?.[1];
  if (network === undefined) throw new Error(`"${subnetId}" is not the resource id of a subnet`);
  return network;
}
