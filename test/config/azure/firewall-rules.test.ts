import * as fc from 'fast-check';
import { firewallViolations } from '../../../config/azure/firewall-rules';
import { WIDEST } from '../../../scripts/audit/rules/firewall-width';
import { cases } from '../../support/properties';

const rule = { name: 'office', from: '203.0.113.8', to: '203.0.113.15' };

test('accepts narrow public ranges', () => {
  expect(firewallViolations([rule, { ...rule, name: 'home', to: '203.0.113.8' }])).toEqual([]);
  expect(firewallViolations([{ name: 'whole', from: '203.0.113.0', to: '203.0.113.255' }])).toEqual([]);
});

test.each([
  ['the other way round', { ...rule, from: rule.to, to: rule.from }, ['to'], 'swap the two'],
  [
    'one address too wide',
    { ...rule, from: '203.0.112.255', to: '203.0.113.255' },
    ['to'],
    'makes 257 addresses',
  ],
  ['everything', { ...rule, from: '1.0.0.0', to: '223.255.255.255' }, ['to'], '256 is the most'],
  ['IPv6', { ...rule, from: '2001:db8::1' }, ['from'], 'must be an IPv4 address'],
  ['a range in CIDR', { ...rule, from: '203.0.113.0/24' }, ['from'], 'must be an IPv4 address'],
  ['leading zeros', { ...rule, from: '203.0.113.08' }, ['from'], 'must be an IPv4 address'],
  [
    'a private address',
    { ...rule, from: '192.168.1.2', to: '192.168.1.2' },
    ['from', 'to'],
    'never reaches a public endpoint',
  ],
  ['the name of one letter', { ...rule, name: 'o' }, ['name'], 'two characters or more'],
  ['a name with a space', { ...rule, name: 'my office' }, ['name'], 'letters, digits, _, . and -'],
])('refuses %s', (_title, wrong, fields, problem) => {
  const violations = firewallViolations([wrong]);
  expect(violations.map(({ at }) => at)).toEqual(fields.map((field) => [0, field]));
  expect(violations[0]?.problem).toContain(problem);
});

test('refuses no rule, an eleventh rule, and a name given twice', () => {
  expect(firewallViolations([])[0]?.problem).toContain('nobody could connect');
  const eleven = Array.from({ length: 11 }, (_, index) => ({ ...rule, name: `rule-${String(index)}` }));
  expect(firewallViolations(eleven)).toEqual([
    { at: [], problem: expect.stringContaining('lists 11 ranges, and 10 is the most') as string },
  ]);
  expect(firewallViolations([rule, { ...rule, name: 'OFFICE' }])).toEqual([
    { at: [1, 'name'], problem: 'is "OFFICE", the name of an earlier rule: give each its own' },
  ]);
});

test('counts the addresses of all rules together', () => {
  const halves = [
    { name: 'lower', from: '203.0.113.0', to: '203.0.113.127' },
    { name: 'upper', from: '203.0.113.128', to: '203.0.113.255' },
  ];
  expect(firewallViolations(halves)).toEqual([]);
  expect(firewallViolations([...halves, { name: 'home', from: '198.51.100.7', to: '198.51.100.7' }])).toEqual(
    [
      {
        at: [],
        problem:
          'lets in 257 addresses in all, and 256 is the most: name the ranges you really use, or use private access',
      },
    ],
  );
});

test('accepts no list that the audit refuses everywhere', () => {
  const ranges = fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 1, max: 256 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(ranges, (drawn) => {
      const rules = drawn.map(([start, size], index) => {
        const last = Math.min(start + size - 1, 255);
        const network = `203.0.${String(index)}`;
        return {
          name: `r-${String(index)}`,
          from: `${network}.${String(start)}`,
          to: `${network}.${String(last)}`,
        };
      });
      const total = drawn.reduce((sum, [start, size]) => sum + Math.min(size, 256 - start), 0);
      return (firewallViolations(rules).length === 0) === total <= WIDEST.elsewhere;
    }),
    cases(),
  );
});

test('no accepted rule lets in more than 256 addresses, or Azure as a whole', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const address = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'));
  const value = (text: string): number => text.split('.').reduce((sum, each) => sum * 256 + Number(each), 0);
  fc.assert(
    fc.property(address, address, (from, to) => {
      const accepted = firewallViolations([{ name: 'some', from, to }]).length === 0;
      return (
        !accepted || (value(to) - value(from) < 256 && value(from) <= value(to) && value(from) >= 2 ** 24)
      );
    }),
    cases(),
  );
});
