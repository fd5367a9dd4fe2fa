import { mentionsAny, readableStatement, shareOut } from '../../scripts/advise/workload';

it('shares out by calls within a source, and gives each source the same weight', () => {
  const shared = shareOut([
    { source: 'pg_stat_statements' as const, calls: 90 },
    { source: 'pg_stat_statements' as const, calls: 10 },
    { source: 'file' as const },
    { source: 'file' as const },
  ]);
  expect(shared.map(({ share }) => share)).toEqual([0.45, 0.05, 0.25, 0.25]);
});

it('makes a statement with typed parameters SQL again, and leaves others alone', () => {
  expect(readableStatement('SELECT now() - interval $1, timestamptz  $2')).toBe(
    'SELECT now() - $1::interval, $2::timestamptz',
  );
  expect(readableStatement('SELECT date FROM t WHERE date = $1')).toBe('SELECT date FROM t WHERE date = $1');
});

it('knows a table by its whole name', () => {
  expect(mentionsAny('SELECT * FROM Events e', ['events'])).toBe(true);
  expect(mentionsAny('SELECT * FROM "Order x"', ['Order x'])).toBe(true);
  expect(mentionsAny('SELECT * FROM old_events', ['events'])).toBe(false);
});
