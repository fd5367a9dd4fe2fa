import { isIPv4 } from 'node:net';
import { ADDRESSES_MOST, isPublicAddress } from './public-addresses';
import type { Violation } from './service-limits';
import { show } from '../text/text';

const NO_RANGE =
  ': it must be a public IPv4 address or a range of them, as in 203.0.113.8 or 203.0.113.16/28';

const SHORTEST_PREFIX = 24;
/** Storage accounts refuse /31 and /32, and take the addresses by themselves. */
const LONGEST_PREFIX = 30;

/**
 * What is wrong with the addresses that may reach a vault or a storage account: public IPv4, one by one or as ranges in
 * CIDR notation. `at` is the index in the list. No range at all is fine: then nobody comes in from the internet.
 */
export function addressRangeViolations(ranges: readonly string[]): Violation[] {
  const given: unknown = ranges;
  if (!Array.isArray(given)) {
    return [
      { at: [], problem: `is ${show(given)}: it is a list of addresses and ranges, as in ["203.0.113.8"]` },
    ];
  }
  return given.flatMap((range: unknown, index) => {
    const problem =
      (typeof range === 'string' ? rangeProblem(range) : NO_RANGE) ??
      (given.indexOf(range) < index ? ', which is listed before: remove it' : undefined);
    return problem === undefined ? [] : [{ at: [String(index)], problem: `is ${show(range)}${problem}` }];
  });
}

function rangeProblem(range: string): string | undefined {
  const [address = '', bits, ...rest] = range.split('/');
  if (!isIPv4(address) || rest.length > 0 || (bits !== undefined && !/^([12]?\d|3[0-2])$/.test(bits))) {
    return NO_RANGE;
  }
  const prefix = bits === undefined ? 32 : Number(bits);
  if (prefix < SHORTEST_PREFIX) {
    return `, which makes ${2 ** (32 - prefix)} addresses: ${ADDRESSES_MOST} is the most, so name the ranges you really use, or come in through a private network`;
  }
  if (!isPublicAddress(address)) {
    return ', which never reaches a public endpoint: write the public address the network goes out with, or come in through a private network';
  }
  if (bits !== undefined && prefix > LONGEST_PREFIX) {
    return ': Azure takes ranges of 4 addresses or more, so write each address by itself, without the slash';
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
