import type { RowSecurity, SecuredTable } from '../../../scripts/database/observe/row-security';
import {
  forcedTables,
  localWriteFindings,
  rebalanceFindings,
} from '../../../scripts/rebalance/observe/findings';
import { movesAhead } from '../../../scripts/rebalance/observe/job-moves';
import { clusterNodes, job, moveTask } from '../fixtures';

const FORCED: RowSecurity = { enabled: true, forced: true, policies: [] };

function table(name: string, security: Partial<RowSecurity> = {}): SecuredTable {
  return { table: { schema: 'public', name }, regclass: name, referencedBy: [], ...FORCED, ...security };
}

const move = (...tables: string[]) => ({ tables, mode: 'auto' as const });

test('FORCE counts where row-level security is enabled, and only of tables that move', () => {
  const secured = [table('a'), table('b', { enabled: false }), table('c', { forced: false }), table('d')];
  expect(forcedTables(move('a', 'b', 'c'), secured).map(({ regclass }) => regclass)).toEqual(['a']);
  const findings = rebalanceFindings([move('a', 'b'), move('a', 'c')], [], secured, () => 2);
  expect(findings.map(({ id }) => id)).toEqual(['forced-policy-window:a']);
  expect(findings[0]?.message).toMatch(
    /: 2 windows of about 2\.0 s at most, 4\.0 s in all, one after another/,
  );
  expect(rebalanceFindings([move('a')], [], secured, () => 2)[0]?.message).toMatch(
    /: one window of about 2\.0 s/,
  );
});

test('a move that blocks writes checks foreign keys as the owner, so FORCE goes from what they lead to', () => {
  const secured = [{ ...table('kinds'), referencedBy: ['things'] }, table('others')];
  const blocking = { tables: ['things'], mode: 'block_writes' as const };
  expect(forcedTables(blocking, secured).map(({ regclass }) => regclass)).toEqual(['kinds']);
  expect(rebalanceFindings([blocking], [], secured, () => 1).map(({ id }) => id)).toEqual([
    'forced-policy-window:kinds',
  ]);
  expect(forcedTables(move('things'), secured)).toEqual([]);
});

test('windows of partitions are one finding of their table, as `tables` names them', () => {
  const partOf = { schema: 'public', name: 'whole' };
  const secured = [{ ...table('part_1'), partOf }, { ...table('part_2'), partOf }, table('a')];
  const findings = rebalanceFindings([move('part_1', 'part_2', 'a'), move('part_2')], [], secured, () => 2);
  expect(findings.map(({ id }) => id)).toEqual(['forced-policy-window:whole', 'forced-policy-window:a']);
  expect(findings[0]?.message).toMatch(/SECURITY of part_1 and part_2 is off .*: 2 windows/);
});

test('a restrictive policy is named of tables that move and of reference tables that are copied', () => {
  const policy = {
    name: 'secrets',
    permissive: false,
    command: '*',
    roles: ['public'],
    using: '(a)',
    check: '(b)',
  };
  const secured = ['moved', 'copied', 'neither'].map((name) => table(name, { policies: [policy] }));
  const findings = rebalanceFindings([move('moved')], ['copied'], secured, () => 1);
  // Reference tables are copied by the owner of the extension, whom FORCE does not bind.
  expect(findings.map(({ id }) => id)).toEqual([
    'forced-policy-window:moved',
    'restrictive-policy-lost:moved.secrets',
    'restrictive-policy-lost:copied.secrets',
  ]);
  expect(findings[1]?.message).toMatch(/: DROP POLICY "secrets" ON "public"\."moved"$/);
});

test('of a job the moves that are not done, unless a node of theirs left', () => {
  const tasks = [moveTask(1, 'done'), moveTask(2, 'running'), moveTask(3, 'blocked')];
  const [from, to] = clusterNodes(2);
  expect(movesAhead(job({ tasks }))).toEqual([
    expect.objectContaining({ shardIds: [2, 102], from, to }),
    expect.objectContaining({ shardIds: [3, 103], from, to }),
  ]);
  const gone = tasks.map((task) => ({
    ...task,
    move: { ...task.move!, to: { nodeId: 9, label: 'node 9' } },
  }));
  expect(movesAhead(job({ tasks: gone }))).toEqual([]);
});

test('moves to the coordinator are told with who is touched and what to do', () => {
  const nodes = clusterNodes(3);
  const to = (node: number, ...tables: string[]) => ({ tables, to: nodes[node]! });
  expect(localWriteFindings([to(1, 'events'), to(2, 'events')], nodes)).toEqual([]);
  const [note] = localWriteFindings([to(1, 'events'), to(0, 'events'), to(0, 'orders', 'items')], nodes);
  expect(note).toMatchObject({ id: 'local-writes:coordinator', needs: 'none' });
  expect(note?.message).toMatch(
    /^2 shard groups of events, orders and items move to the coordinator\. .*UPDATE 0.*citus\.enable_local_execution = off.*RESET/,
  );
});
