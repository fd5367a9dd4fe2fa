import { needsUnmet, preferred } from '../../../scripts/local/engines/native';

test('of several PostgreSQL with Citus the one the service runs comes first, and of equals the first found', () => {
  const at = (binDirectory: string, citusVersion: string) => ({ binDirectory, citusVersion });
  const found = [at('/17', '13.2-1'), at('/16', '12.1-1'), at('/15', '12.1-1'), at('/14', '12.0-1')];
  expect(preferred(found).map(({ binDirectory }) => binDirectory)).toEqual(['/16', '/15', '/14', '/17']);
  // The newest Citus with the newest PostgreSQL is what no service of Azure runs.
  const newest = [at('/18', '14.0-1'), at('/17', '13.2-1'), at('/15', '12.1-1')];
  expect(preferred(newest).map(({ binDirectory }) => binDirectory)).toEqual(['/15', '/17', '/18']);
});

test('a cluster that needs a version takes no other PostgreSQL, and no older Citus', () => {
  const needs = { postgres: 17, citus: [13, 2] } as const;
  expect(needsUnmet({ postgres: '17.12', citus: '13.2-1' }, needs)).toBeUndefined();
  expect(needsUnmet({ postgres: '17.12', citus: '14.0-1' }, needs)).toBeUndefined();
  expect(needsUnmet({ postgres: '17.12', citus: '13.1-1' }, needs)).toBe(
    'is PostgreSQL 17.12 with Citus 13.1-1',
  );
  expect(needsUnmet({ postgres: '15.20', citus: '13.2-1' }, needs)).toBe(
    'is PostgreSQL 15.20 with Citus 13.2-1',
  );
});
