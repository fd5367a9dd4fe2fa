import type { RowSecurity, SecuredTable } from '../../../scripts/database/observe/row-security';
import type { PlacedShard, ShardRows, ShardState } from '../../../scripts/database/observe/shards';
import {
  compareShard,
  describeDifference,
  driftOf,
  hiddenDrift,
  sameRows,
} from '../../../scripts/rebalance/observe/compare';
import type { SeenShard } from '../../../scripts/rebalance/observe/compare';
import { hiddenFaults } from '../../../scripts/rebalance/plan/preflight';

const SHARD: PlacedShard = {
  shardId: 102008,
  table: { schema: 'public', name: 'vault' },
  relation: 'public.vault_102008',
  partitioned: false,
  node: { name: '10.0.0.1', port: 5432 },
};
const OPEN: RowSecurity = { enabled: false, forced: false, policies: [] };
const FORCED: RowSecurity = { enabled: true, forced: true, policies: [] };
const STATE: ShardState = {
  security: OPEN,
  indexes: ['a', 'b', 'b'],
  constraints: ['p'],
  grants: [],
  privileges: [],
  columnPrivileges: [],
  notNull: [],
  columns: [],
  persistence: 'p',
  behaviour: [],
};

function policy(permissive: boolean, name = 'own') {
  return { name, permissive, command: '*', roles: ['public'], using: '(true)', check: null };
}

function secured(security: RowSecurity): ShardState {
  return { ...STATE, security };
}

function seen(rows: ShardRows): SeenShard {
  return { shard: SHARD, rows, state: STATE };
}

const some = (rows: number, checksum = '1'): ShardRows => ({ rows, checksum });

function table(security: RowSecurity): SecuredTable {
  return { table: SHARD.table, referencedBy: [], regclass: 'vault', ...security };
}

const nobody: ReadonlySet<string> = new Set();

describe('rows of a shard', () => {
  test.each([
    ['fewer', some(10), some(9), true],
    ['none', some(1), some(0), true],
    ['others', some(10), some(10, '2'), false],
    ['more', some(10), some(11), false],
    ['not countable after', some(10), { unreadable: 'no' }, true],
    ['not countable before', { unreadable: 'no' }, some(10), false],
    ['never countable', { unreadable: 'no' }, { unreadable: 'no' }, false],
  ] as const)('%s after the move', (_, before, now, lost) => {
    expect(sameRows(before, now)).toBe(false);
    expect(compareShard(seen(before), seen(now), nobody)).toEqual([
      expect.objectContaining({ what: 'rows', lost }),
    ]);
  });

  test('the same are no difference, and what is told tells rows apart that are as many', () => {
    expect(compareShard(seen(some(10)), seen(some(10)), nobody)).toEqual([]);
    const [difference] = compareShard(seen(some(1)), seen(some(1, '2')), nobody);
    expect(difference && describeDifference(difference)).toBe(
      'vault, shard 102008: rows: 1 row with checksum 1; now 1 row with checksum 2',
    );
  });
});

describe('what a shard has besides rows', () => {
  const compare = (before: ShardState | undefined, now: ShardState | undefined, allowed = nobody) =>
    compareShard({ ...seen(some(1)), state: before }, { ...seen(some(1)), state: now }, allowed);

  test('an index that is there once less is lost, one more is not, and a shard that is gone is', () => {
    expect(compare(STATE, { ...STATE, indexes: ['a', 'b'] })).toEqual([
      expect.objectContaining({ what: 'indexes', before: 'b', now: 'none of these', lost: true }),
    ]);
    // That a key holds for every row from now on is none, and that it no longer does is.
    const [some, all] = [
      ['p', 'f NOT VALID'],
      ['p', 'f'],
    ].map((constraints) => ({ ...STATE, constraints }));
    expect(compare(some, all)).toEqual([]);
    expect(compare(all, some)).toEqual([expect.objectContaining({ what: 'constraints', lost: true })]);
    expect(compare(STATE, { ...STATE, constraints: ['p', 'f'] })).toEqual([
      expect.objectContaining({ what: 'constraints', before: 'none of these', now: 'f', lost: false }),
    ]);
    expect(compare(STATE, undefined)).toEqual([expect.objectContaining({ what: 'shard', lost: true })]);
    expect(compare(undefined, STATE)).toEqual([expect.objectContaining({ what: 'shard', lost: false })]);
  });

  test('flags and policies that are gone are lost, a kind only where nobody allowed it', () => {
    expect(compare(secured(FORCED), secured(OPEN))).toEqual([
      expect.objectContaining({ before: 'enabled, forced', now: 'disabled', lost: true }),
    ]);
    expect(compare(secured(OPEN), secured(FORCED))).toEqual([expect.objectContaining({ lost: false })]);
    const [restrictive, permissive] = [false, true].map((kind) =>
      secured({ ...OPEN, policies: [policy(kind)] }),
    );
    expect(compare(restrictive, permissive)).toEqual([
      expect.objectContaining({ what: 'policy own', lost: true }),
    ]);
    const allowed = new Set(['restrictive-policy-lost:vault.own']);
    expect(compare(restrictive, permissive, allowed)).toEqual([expect.objectContaining({ lost: false })]);
    expect(compare(restrictive, secured(OPEN), allowed)).toEqual([
      expect.objectContaining({ now: 'none', lost: true }),
    ]);
  });
});

describe('a shard that is not as its table', () => {
  test('is named by flags and kinds of policies, and a shard whose node is silent is not', () => {
    const state = secured({ ...FORCED, policies: [policy(true), policy(true, 'more')] });
    expect(driftOf({ shard: SHARD, state }, [table({ ...OPEN, policies: [policy(false)] })])).toEqual([
      expect.objectContaining({ before: 'disabled on the coordinator', now: 'enabled, forced on the shard' }),
      expect.objectContaining({ before: 'restrictive on the coordinator', now: 'permissive on the shard' }),
      expect.objectContaining({ what: 'policy more', before: 'none on the coordinator' }),
    ]);
    expect(driftOf({ shard: SHARD, state: undefined }, [table(FORCED)])).toEqual([]);
    expect(driftOf({ shard: SHARD, state: STATE }, [])).toEqual([]);
  });

  test('and hides rows from a move is refused, unless a window opens for the table', () => {
    const drifted = [{ shard: SHARD, state: secured(FORCED) }];
    expect(hiddenDrift(drifted, [])).toEqual([SHARD]);
    expect(hiddenDrift(drifted, [table({ ...FORCED, enabled: false })])).toEqual([SHARD]);
    expect(hiddenDrift(drifted, [table(FORCED)])).toEqual([]);
    expect(hiddenDrift([{ shard: SHARD, state: secured({ ...FORCED, enabled: false }) }], [])).toEqual([]);
    expect(hiddenFaults([SHARD])).toEqual([
      expect.stringMatching(/^shard 102008 on 10\.0\.0\.1:5432 of vault has FORCE ROW LEVEL SECURITY/),
    ]);
    expect(hiddenFaults([])).toEqual([]);
  });
});
