import type { NodeHindrances } from '../../../scripts/citus/hindrances';
import type { Hindered } from '../../../scripts/rebalance/plan/hindrances';
import { hindranceFindings } from '../../../scripts/rebalance/plan/hindrances';
import { clusterNodes } from '../fixtures';

const nodes = clusterNodes(3);
const [coordinator, w0, w1] = nodes;
const moves = [{ shardIds: [1], from: coordinator!, to: w0! }];

type Transaction = NodeHindrances['transactions'][number];

const transaction = (more: Partial<Transaction>): Transaction => ({
  pid: 11,
  role: 'app',
  application: 'report',
  state: 'active',
  here: true,
  seconds: 75,
  wrote: false,
  level: null,
  ...more,
});

const on = (nodeId: number, more: Partial<NodeHindrances>) => ({
  nodeId,
  answer: { transactions: [], prepared: [], objects: [], strays: [], ...more },
});

const found = (
  answers: Hindered['answers'],
  recorded: Hindered['recorded'] = [],
  logical = true,
): [string, string][] =>
  hindranceFindings({ nodes, moves, answers, recorded, logical }).map(({ id, message, needs }) => {
    expect(needs).toBe('none');
    return [id, message];
  });

describe('an open transaction', () => {
  test('that wrote into a distributed table keeps its shards, and on a source every copy by logical replication', () => {
    expect(found([on(1, { transactions: [transaction({ level: 2, wrote: true })] })])).toEqual([
      [
        'long-transaction:coordinator/11',
        'session 11 on coordinator (application "report", role app, active) has had a transaction open for 1 min 15 s: a shard group that it wrote into does not move before its end and ' +
          'no copy by logical replication from coordinator begins before its end. Let it end, or end it: SELECT pg_terminate_backend(11) on coordinator',
      ],
    ]);
  });

  test('is told once, as the session that Citus works for on the nodes', () => {
    const gpid = String(w1!.nodeId * 1e10 + 77);
    const opened = transaction({ wrote: true, application: `citus_internal gpid=${gpid}`, role: 'citus' });
    const all = found([
      on(1, { transactions: [{ ...opened, pid: 5 }] }),
      on(2, { transactions: [{ ...opened, pid: 6 }] }),
      on(3, { transactions: [transaction({ pid: 77, level: 2, application: 'psql' })] }),
    ]);
    expect(all).toEqual([
      ['long-transaction:w1/77', expect.stringMatching(/^session 77 on w1 \(application "psql".* on w1$/)],
    ]);
    expect(all[0]![1]).toMatch('from coordinator begins');
  });

  test('that reads keeps what moves leave behind', () => {
    expect(
      found([on(2, { transactions: [transaction({ level: 1, role: null, application: '' })] })]),
    ).toEqual([
      [
        'long-transaction:w0/11',
        expect.stringMatching(/^session 11 on w0 \(active\) .* stays until its end/),
      ],
    ]);
  });

  test('of another database counts where a shard leaves, and nowhere else', () => {
    const elsewhere = on(1, { transactions: [transaction({ here: false, wrote: true })] });
    expect(found([elsewhere])).toHaveLength(1);
    expect(found([{ ...elsewhere, nodeId: 2 }])).toEqual([]);
    // With writes blocked no slot waits for it.
    expect(found([elsewhere], [], false)).toEqual([]);
  });

  test('of a session that moves shards is no hindrance', () => {
    const own = ['scaleout rebalance run', 'citus_rebalancer gpid=10000000005'].map((application) =>
      transaction({ application, level: 2, wrote: true }),
    );
    expect(found([on(1, { transactions: own })])).toEqual([]);
  });
});

test('a prepared transaction is ended by Citus where it is its own, and by a person where it is not', () => {
  const prepared = { role: 'app', here: true, seconds: 600 };
  const all = found([
    on(2, {
      prepared: [
        { ...prepared, gid: 'citus_0_1' },
        { ...prepared, gid: "it's" },
      ],
    }),
  ]);
  expect(all[0]![1]).toMatch(/recover_prepared_transactions\(\)/);
  expect(all[1]).toEqual([
    "prepared-transaction:w0/it's",
    expect.stringMatching(/ROLLBACK PREPARED 'it''s'/),
  ]);
});

describe('what an earlier operation left', () => {
  const slot = { kind: 'slot', name: 'citus_shard_move_slot_2_10_7', operation: '7' } as const;
  const recorded = { name: slot.name, groupId: 1, operation: '7', kind: 'replication slots', atWork: false };

  test('is summed up where Citus knows of it, and none of what a session is at work on', () => {
    const [first, ...more] = found([on(2, { objects: [slot] })], [recorded]);
    expect(first).toEqual([
      'leftovers:pg_dist_cleanup',
      expect.stringMatching(
        /^earlier operations left 1 replication slot on w0, and a slot holds back .*citus_cleanup_orphaned_resources/,
      ),
    ]);
    expect(more).toEqual([]);
    expect(found([on(2, { objects: [slot] })], [{ ...recorded, atWork: true }])).toEqual([]);
  });

  test('is named with what removes it where Citus does not', () => {
    const subscription = {
      kind: 'subscription',
      name: 'citus_shard_move_subscription_10_7',
      operation: '7',
    } as const;
    const strays = [
      { shardId: 1, table: 'events', name: 'public.events_1' },
      { shardId: 2, table: 'events', name: 'public.events_2' },
    ];
    const publication = {
      kind: 'publication',
      name: 'citus_shard_move_publication_3_10_7',
      operation: '7',
    } as const;
    const all = found([on(2, { objects: [slot, subscription, publication], strays })]);
    expect(all.map(([id]) => id)).toEqual([
      `orphaned-slot:w0/${slot.name}`,
      `orphaned-subscription:w0/${subscription.name}`,
      `orphaned-publication:w0/${publication.name}`,
      'orphaned-shards:w0',
    ]);
    expect(all[0]![1]).toMatch(`SELECT pg_drop_replication_slot('${slot.name}')`);
    expect(all[2]![1]).toMatch(`drop it there: DROP PUBLICATION "${publication.name}"`);
    expect(all[1]![1]).toMatch(`SET (slot_name = NONE); DROP SUBSCRIPTION "${subscription.name}"`);
    // The other one is in the way of a move, which is a fault.
    expect(all[3]![1]).toMatch(
      /^public\.events_2 on w0 bears the name of a shard .* in events too.*DROP TABLE public\.events_2$/,
    );
  });
});
