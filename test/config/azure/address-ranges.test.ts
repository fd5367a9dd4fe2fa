import fc from 'fast-check';
import { addressRanges } from '../../../config/azure/address-ranges';
import { violationsOf } from '../../../config/file/violations';
import { cases } from '../../support/properties';

const problems = (...ranges: unknown[]) =>
  violationsOf(addressRanges, ranges).map(({ at, problem }) => `${at.join('.')} ${problem}`);

describe('addressRanges', () => {
  test.each([
    '203.0.113.8',
    '203.0.113.0/24',
    '203.0.113.16/28',
    '203.0.113.252/30',
    '172.15.255.255',
    '172.32.0.1',
  ])('accepts %s', (range) => {
    expect(problems(range)).toEqual([]);
  });

  test('accepts no range at all', () => {
    expect(problems()).toEqual([]);
  });

  const format =
    ': it must be a public IPv4 address or a range of them, as in 203.0.113.8 or 203.0.113.16/28';
  const notPublic =
    ', which never reaches a public endpoint: write the public address the network goes out with, or come in through a private network';
  const single =
    ': Azure takes ranges of 4 addresses or more, so write each address alone, without the slash';
  const wide = (addresses: number) =>
    `, which makes ${addresses} addresses: 256 is the most, so name the ranges you really use, or come in through a private network`;
  test.each([
    ['', format],
    ['office', format],
    ['203.0.113', format],
    ['203.0.113.256', format],
    ['203.0.113.08', format],
    ['203.0.113.8/', format],
    ['203.0.113.8/33', format],
    ['203.0.113.8/028', format],
    ['203.0.113.8/28/28', format],
    ['203.0.113.8-203.0.113.9', format],
    ['2001:db8::1', format],
    ['0.0.0.0/0', wide(2 ** 32)],
    ['203.0.112.0/23', wide(512)],
    ['0.0.0.0', notPublic],
    ['10.1.2.3', notPublic],
    ['100.64.0.1', notPublic],
    ['127.0.0.1', notPublic],
    ['169.254.169.254', notPublic],
    ['172.31.0.0/24', notPublic],
    ['192.168.1.0/24', notPublic],
    ['224.0.0.1', notPublic],
    ['255.255.255.255', notPublic],
    ['203.0.113.8/31', single],
    ['203.0.113.8/32', single],
    ['203.0.113.9/28', ', which begins inside a range: write 203.0.113.0/28'],
    ['203.0.113.255/24', ', which begins inside a range: write 203.0.113.0/24'],
  ])('refuses %j', (range, problem) => {
    expect(problems(range)).toEqual([`0 is "${range}"${problem}`]);
  });

  test('refuses what is no list, and what is no text', () => {
    expect(violationsOf(addressRanges, '203.0.113.8')).toEqual([
      {
        at: [],
        problem:
          'is "203.0.113.8": it must be a list of addresses and ranges, as in [203.0.113.8, 203.0.113.16/29]',
      },
    ]);
    expect(problems(7)).toEqual([`0 is 7${format}`]);
  });

  test('refuses what is listed twice, at its second place', () => {
    expect(problems('203.0.113.8', '198.51.100.1', '203.0.113.8')).toEqual([
      '2 is "203.0.113.8", which is listed before: remove it',
    ]);
  });

  test('accepts what it proposes in the place of a range that begins inside', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(octet, fc.integer({ min: 24, max: 30 }), (last, prefix) => {
        const [problem] = problems(`203.0.113.${last}/${prefix}`);
        const proposed = problem === undefined ? `203.0.113.${last}/${prefix}` : problem.split('write ')[1]!;
        expect(problems(proposed)).toEqual([]);
      }),
      cases(),
    );
  });
});
