import { idleServer as server } from '../../tables/support/catalog';
import type { Facts, Work } from '../../../scripts/rebalance/plan/preflight';
import { preflightFaults } from '../../../scripts/rebalance/plan/preflight';

const fit: Facts = {
  role: 'citus',
  database: 'citus',
  othersTables: [],
  roleHindrances: [],
  strays: [],
  foreignOwned: [],
  uncreatable: [],
  unreferenceable: [],
  notReplicable: [],
  settings: [1, 2, 3].map((nodeId) => ({ nodeId, walLevel: 'logical', server })),
};
const moves: Work = {
  moves: [{ shardIds: [1, 101], tables: ['devices', 'events'], from: { nodeId: 1 }, to: { nodeId: 4 } }],
  missingReferenceTables: ['types'],
};

function unfit(table: string, what: Partial<Facts['notReplicable'][number]>): Facts['notReplicable'][number] {
  return { table, unlogged: false, columnar: false, unidentified: false, ...what };
}

test('nothing speaks against a fit cluster', () => {
  expect(preflightFaults(fit, moves, 'auto')).toEqual([]);
});

test('tables of others are named with their owners', () => {
  const facts = { ...fit, foreignOwned: [{ table: 'secrets', owner: 'eve' }] };
  expect(preflightFaults(facts, moves, 'block_writes').join()).toMatch(
    /citus does not own every distributed table.*secrets \(owner eve\).*OWNER TO/,
  );
});

test('many names are cut short and counted', () => {
  const foreignOwned = Array.from({ length: 11 }, (_, i) => ({ table: `t${String(i)}`, owner: 'eve' }));
  expect(preflightFaults({ ...fit, foreignOwned }, moves, 'auto').join()).toMatch(
    /t7 \(owner eve\) and 3 more/,
  );
});

test('mode auto wants an identity of the tables that move, and of no others', () => {
  const notReplicable = ['events', 'elsewhere'].map((table) => unfit(table, { unidentified: true }));
  const facts = { ...fit, notReplicable };
  expect(preflightFaults(facts, moves, 'auto')).toEqual([
    expect.stringMatching(/identity, and events has neither/),
  ]);
  expect(preflightFaults(facts, moves, 'auto').join()).not.toMatch(/elsewhere/);
  expect(preflightFaults(facts, moves, 'force_logical')).toEqual([]);
  expect(preflightFaults(facts, moves, 'block_writes')).toEqual([]);
});

test.each(['auto', 'force_logical'] as const)(
  'mode %s copies neither unlogged nor columnar tables, reference tables included',
  (mode) => {
    const notReplicable = [
      unfit('devices', { unlogged: true, columnar: true, unidentified: true }),
      unfit('elsewhere', { unlogged: true }),
      unfit('events', { columnar: true, unidentified: true }),
      unfit('types', { unlogged: true }),
    ];
    expect(preflightFaults({ ...fit, notReplicable }, moves, mode)).toEqual([
      expect.stringMatching(
        /leaves out unlogged tables: devices and types\. Make them logged .* or choose --mode block_writes/,
      ),
      expect.stringMatching(
        /makes INSERT fail meanwhile on columnar tables: events\. Make them heap .* or choose --mode block_writes/,
      ),
    ]);
    expect(preflightFaults({ ...fit, notReplicable }, moves, 'block_writes')).toEqual([]);
  },
);

test('logical modes want logical WAL on every node', () => {
  const facts = {
    ...fit,
    settings: [...fit.settings, { nodeId: 4, walLevel: 'replica', server }],
  };
  expect(preflightFaults(facts, moves, 'force_logical').join()).toMatch(/replica on node 4/);
  expect(preflightFaults(facts, moves, 'block_writes')).toEqual([]);
});

test('too few background workers for a single move are refused, and faults come together', () => {
  const settings = [{ nodeId: 1, walLevel: 'minimal', server: { ...server, workerProcesses: 2 } }];
  expect(preflightFaults({ ...fit, settings }, moves, 'auto')).toEqual([
    expect.stringMatching(/wal_level/),
    expect.stringMatching(/max_worker_processes is 2 on node 1/),
  ]);
  // Reference tables are copied by the session itself.
  const copied = { ...moves, moves: [] };
  expect(preflightFaults({ ...fit, settings }, copied, 'block_writes')).toEqual([]);
});

test('a node without a free slot, sender or process that replays is named where moves replicate', () => {
  const used = { ...server, slotsInUse: 10, sendersInUse: 10, applyWorkers: 0 };
  const settings = [...fit.settings, { nodeId: 4, walLevel: 'logical', server: used }];
  expect(preflightFaults({ ...fit, settings }, moves, 'auto')).toEqual(
    ['max_replication_slots', 'max_wal_senders', 'max_logical_replication_workers'].map(
      (setting) =>
        expect.stringMatching(
          `needs one of ${setting} on every node that it copies (from|to), and none is free on node 4`,
        ) as string,
    ),
  );
  // Of shards alone, each end needs its own, and the other nodes nothing.
  const of = (from: number, to: number): string[] => {
    const alone = [{ shardIds: [101], tables: ['events'], from: { nodeId: from }, to: { nodeId: to } }];
    return preflightFaults({ ...fit, settings }, { moves: alone, missingReferenceTables: [] }, 'auto');
  };
  expect(of(1, 2)).toEqual([]);
  expect(of(1, 4)).toEqual([expect.stringMatching('max_logical_replication_workers on every node')]);
  expect(of(4, 1)).toEqual([
    expect.stringMatching('max_replication_slots on every node'),
    expect.stringMatching('max_wal_senders on every node'),
  ]);
  expect(preflightFaults({ ...fit, settings }, moves, 'block_writes')).toEqual([]);
});

test('a server that lets no move decode its log is named where moves replicate', () => {
  const plugins = (outputPlugins: string): Facts => ({
    ...fit,
    settings: [
      ...fit.settings.slice(1),
      { nodeId: 1, walLevel: 'logical', server: { ...server, outputPlugins } },
    ],
  });
  expect(preflightFaults(plugins('test_decoding, "citus"'), moves, 'auto')).toEqual([
    expect.stringMatching('pgoutput among output_plugin_libraries .* not on node 1'),
  ]);
  expect(preflightFaults(plugins('pgoutput, citus'), moves, 'auto')).toEqual([]);
  expect(preflightFaults(plugins('citus'), moves, 'block_writes')).toEqual([]);
});

test('an owner as whom Citus reaches no node is named with the way to let it in, where its tables move', () => {
  const facts: Facts = {
    ...fit,
    othersTables: [
      { table: 'events', owner: 'app' },
      { table: 'elsewhere', owner: 'eve' },
    ],
    roleHindrances: [
      { role: 'app', what: 'no-login', nodes: ['a:5432'] },
      { role: 'app', what: 'no-member', nodes: ['a:5432'] },
      { role: 'eve', what: 'no-login', nodes: ['a:5432'] },
    ],
  };
  expect(preflightFaults(facts, moves, 'block_writes')).toEqual([
    expect.stringMatching(
      /^table events belongs to role app, which may not log in .* ALTER ROLE "app" LOGIN on a:5432$/,
    ),
  ]);
});

test('a table in the way of a shard that arrives is a fault on that node alone', () => {
  const stray = { shardId: 101, table: 'events', name: 'public.events_101', nodeId: 4, label: 'w2' };
  expect(preflightFaults({ ...fit, strays: [stray] }, moves, 'block_writes')).toEqual([
    expect.stringMatching(/^public\.events_101 on w2 is in the way .* DROP TABLE public\.events_101$/),
  ]);
  expect(preflightFaults({ ...fit, strays: [{ ...stray, nodeId: 1 }] }, moves, 'block_writes')).toEqual([]);
});
