import { BlockList } from 'node:net';

/**
 * Public addresses that one range may hold, and all rules of a firewall together: the size of a /24, an office or an
 * egress range, not a provider's network. It is what the audit lets pass outside production; in production it asks for
 * fewer.
 */
export const ADDRESSES_MOST = 256;

/** Networks whose addresses never arrive at a public endpoint. None is so small that a range could hold it. */
const neverPublic = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
] as const) {
  neverPublic.addSubnet(network, prefix);
}

/** True for an IPv4 address that a client on the internet can have. */
export function isPublicAddress(address: string): boolean {
  return !neverPublic.check(address);
}
