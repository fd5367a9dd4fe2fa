import { asksForOneValue } from '../../../scripts/local/journey/plans';

const scan = (condition: string): string[] => [
  'Gather Merge  (cost=12131.16..15755.27 rows=31514 width=73)',
  '  ->  Parallel Seq Scan on events  (cost=0.00..8776.47 rows=31514 width=73)',
  `        Filter: ${condition}`,
];

test.each([
  ['alone', '(device_id = 42)'],
  [
    'beside other conditions',
    "((device_id = 42) AND (((payload ->> 'humidity'::text))::numeric < '60'::numeric))",
  ],
  ['behind them', '(((a = 1) OR (b = 2)) AND (device_id = 42))'],
  ['as text', "((device_id = 'x AND y'::text) AND (b = 2))"],
  ['of a quoted name', '("device_id" = 42)'],
  ['of a table of a join', '((e.device_id = 42) AND (m.name = $1))'],
  ['of a quoted table', '("Events"."device_id" = 42)'],
])('one value is asked for: %s', (_, condition) => {
  expect(asksForOneValue(scan(condition), 'device_id')).toBe(true);
});

test.each([
  ['another column', '(event_id = 7)'],
  ['another column of a table of its name', '(device_id.event_id = 7)'],
  ['one of two', '((device_id = 42) OR (device_id = 43))'],
  ['a range', '(device_id > 42)'],
  ['another column’s value', '(device_id = other_id)'],
  ['a text that looks like it', "(name = 'device_id = 42'::text)"],
])('all shards may be asked: %s', (_, condition) => {
  expect(asksForOneValue(scan(condition), 'device_id')).toBe(false);
});

test('an index condition counts, and a plan without conditions asks for everything', () => {
  const index = ['Index Scan using devices_pkey on devices', '  Index Cond: (device_id = 42)'];
  expect(asksForOneValue(index, 'device_id')).toBe(true);
  expect(asksForOneValue(['Seq Scan on devices'], 'device_id')).toBe(false);
});
