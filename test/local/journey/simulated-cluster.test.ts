import type { SimulatedGroup } from '../../../scripts/local/journey/simulated-cluster';
import {
  holdingsOf,
  simulatedTasks,
  verifySimulation,
} from '../../../scripts/local/journey/simulated-cluster';

const events = { schema: 'public', name: 'events' };
const devices = { schema: 'public', name: 'devices' };

function group(placement: readonly number[]): SimulatedGroup {
  const shards = (bytes: number) =>
    placement.map((_, index) => ({ index, rows: 10, bytes: bytes * (index + 1) }));
  return {
    tables: [
      { table: { kind: 'distributed', table: devices, distributeBy: 'device_id' }, shards: shards(1) },
      {
        table: { kind: 'distributed', table: events, distributeBy: 'device_id', colocateWith: devices },
        shards: shards(100),
      },
    ],
    placement,
  };
}

const fingerprint = (name: typeof events, rows: number) => ({ table: name, rows, checksum: '7' });

describe('what nodes would hold', () => {
  test('is everything on the coordinator before the distribution, and nothing on new workers', () => {
    expect(holdingsOf(['coordinator', 'w0'], [], 5000)).toEqual([
      { node: 'coordinator', shards: 0, bytes: 0, totalBytes: 5000 },
      { node: 'w0', shards: 0, bytes: 0, totalBytes: 0 },
    ]);
  });

  test('is the shards of all colocated tables afterwards, counted once', () => {
    expect(holdingsOf(['coordinator', 'w0'], [group([0, 1, 0])], 1000)).toEqual([
      { node: 'coordinator', shards: 2, bytes: 404, totalBytes: 404 + 394 },
      { node: 'w0', shards: 1, bytes: 202, totalBytes: 202 },
    ]);
  });
});

test('a query about one value of a distribution column asks one shard, any other asks all', () => {
  const groups = [group([0, 1])];
  expect(simulatedTasks(['  Filter: (device_id = 42)'], groups, 32)).toBe(1);
  expect(simulatedTasks(['  Filter: (event_id = 42)'], groups, 32)).toBe(32);
});

describe('the verification of a simulation', () => {
  const good = {
    before: [fingerprint(devices, 20), fingerprint(events, 20)],
    after: [fingerprint(devices, 20), fingerprint(events, 20)],
    groups: [group([0, 1])],
    nodes: ['coordinator', 'w0'],
    tasks: [{ query: { name: 'all', sql: 'SELECT 1', expectedTasks: 'all' as const }, tasks: 2 }],
    shardCount: 2,
  };
  const faults = (state: typeof good): string[] =>
    verifySimulation(state)
      .checks.filter(({ ok }) => !ok)
      .map(({ id }) => id);

  test('holds for rows that are all placed', () => {
    expect(verifySimulation(good).ok).toBe(true);
  });

  test('marks what is a number, and leaves unmarked what is real', () => {
    expect(verifySimulation(good).checks.map(({ id, simulated }) => [id, simulated === true])).toEqual([
      ['rows:devices', false],
      ['rows:events', false],
      ['shards:devices', true],
      ['shards:events', true],
      ['balance:devices+events', true],
      ['tasks:all', true],
    ]);
  });

  test.each([
    ['a row went missing', { after: [fingerprint(devices, 20), fingerprint(events, 19)] }, ['rows:events']],
    [
      'a row changed',
      { after: [fingerprint(devices, 20), { ...fingerprint(events, 20), checksum: '8' }] },
      ['rows:events'],
    ],
    [
      'a row has no shard',
      {
        before: [fingerprint(devices, 20), fingerprint(events, 21)],
        after: [fingerprint(devices, 20), fingerprint(events, 21)],
      },
      ['shards:events'],
    ],
    [
      'a node has too many shards',
      {
        groups: [group([0, 0])],
      },
      ['balance:devices+events'],
    ],
    [
      'a query asks too many shards',
      { tasks: [{ query: { name: 'all', sql: 'SELECT 1', expectedTasks: 'all' as const }, tasks: 1 }] },
      ['tasks:all'],
    ],
  ])('fails when %s', (_, change, expected) => {
    expect(faults({ ...good, ...change })).toEqual(expected);
  });
});
