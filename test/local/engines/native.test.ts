import { preferred } from '../../../scripts/local/engines/native';

test('of several PostgreSQL with Citus the one the service runs comes first, and of equals the first found', () => {
  const at = (binDirectory: string, citusVersion: string) => ({ binDirectory, citusVersion });
  const found = [at('/17', '13.2-1'), at('/16', '12.1-1'), at('/15', '12.1-1'), at('/14', '14.0-1')];
  expect(preferred(found).map(({ binDirectory }) => binDirectory)).toEqual(['/16', '/15', '/17', '/14']);
});
