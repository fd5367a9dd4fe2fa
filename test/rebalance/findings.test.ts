import type { RowSecurity, SecuredTable } from '../../scripts/database/observe/row-security';
import { forcedTables, rebalanceFindings } from '../../scripts/rebalance/findings';
import { movesAhead } from '../../scripts/rebalance/job-moves';
import { address } from '../../scripts/rebalance/observe';
import { job, moveTask, snapshot } from './fixtures';

const FORCED: RowSecurity = { enabled: true, forced: true, policies: [] };

function table(name: string, security: Partial<RowSecurity> = {}): SecuredTable {
  return { table: { schema: 'public', name }, regclass: name, ...FORCED, ...security };
}

const move = (...tables: string[]) => ({ tables });

test('FORCE counts where row-level security is enabled, and only of tables that move', () => {
  const secured = [table('a'), table('b', { enabled: false }), table('c', { forced: false }), table('d')];
  expect(forcedTables(['a', 'b', 'c'], secured).map(({ regclass }) => regclass)).toEqual(['a']);
  const findings = rebalanceFindings([move('a', 'b'), move('a', 'c')], [], secured, () => 2);
  expect(findings.map(({ id }) => id)).toEqual(['forced-policy-window:a']);
  expect(findings[0]?.message).toMatch(
    /: 2 windows of about 2\.0 s at most, 4\.0 s in all, one after another/,
  );
  expect(rebalanceFindings([move('a')], [], secured, () => 2)[0]?.message).toMatch(
    /: one window of about 2\.0 s/,
  );
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
  expect(findings[1]?.message).toMatch(/USING \(a\) and WITH CHECK \(b\) with AND .*there is none/);
});

test('of a job the moves that are not done, and a node by name and port, whatever its name', () => {
  const tasks = [moveTask(1, 'done'), moveTask(2, 'running'), moveTask(3, 'blocked')];
  expect(movesAhead(job({ tasks }), snapshot(2, [1, 0, 0]))).toEqual([
    { shardId: 2, from: '127.0.0.1:9700', to: '127.0.0.1:9701' },
    { shardId: 3, from: '127.0.0.1:9700', to: '127.0.0.1:9701' },
  ]);
  expect(address('::1:5432')).toEqual({ name: '::1', port: 5432 });
});
