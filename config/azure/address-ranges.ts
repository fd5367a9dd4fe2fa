import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { ruled, text, unique } from '../file/schema-types';
import { ADDRESSES_MOST, isPublicAddress } from './public-addresses';

const RANGE = 'a public IPv4 address or a range of them, as in 203.0.113.8 or 203.0.113.16/28';

const SHORTEST_PREFIX = 24;
/** Storage accounts refuse /31 and /32, and take the addresses one by one. */
const LONGEST_PREFIX = 30;

/**
 * The addresses that may reach a vault or a storage account: public IPv4, one by one or as ranges in CIDR notation. No
 * range at all is fine: then nothing comes in from the internet.
 */
export const addressRanges = unique(
  z.array(ruled(text(RANGE), problemOf), {
    error: 'a list of addresses and ranges, as in [203.0.113.8, 203.0.113.16/29]',
  }),
);

function problemOf(range: string): string | undefined {
  const [address = '', bits, ...rest] = range.split('/');
  if (!isIPv4(address) || rest.length > 0 || (bits !== undefined && !/^([12]?\d|3[0-2])$/.test(bits))) {
    return `: it must be ${RANGE}`;
  }
  const prefix = bits === undefined ? 32 : Number(bits);
  if (prefix < SHORTEST_PREFIX) {
    return `, which makes ${2 ** (32 - prefix)} addresses: ${ADDRESSES_MOST} is the most, so name the ranges you really use, or come in through a private network`;
  }
  if (!isPublicAddress(address)) {
    return ', which never reaches a public endpoint: write the public address the network goes out with, or come in through a private network';
  }
  if (bits !== undefined && prefix > LONGEST_PREFIX) {
    return ': Azure takes ranges of 4 addresses or more, so write each address alone, without the slash';
  }
  const first = firstOf(address, prefix);
  return address === first ? undefined : `, which begins inside a range: write ${first}/${prefix}`;
}

/** The first address of the range of that size which an address is in. */
function firstOf(address: string, prefix: number): string {
  const octets = address.split('.').map(Number);
  // Only the last octet can be off, since no prefix is shorter than 24 here.
  const last = octets.pop() ?? 0;
  return [...octets, last - (last % 2 ** (32 - prefix))].join('.');
}
