import type { SqlParser } from '../../config/workload/sql-parser';
import { loadSqlParser } from '../../config/workload/sql-parser';
import { alikeAcrossVersions, differentMajors } from '../../scripts/compare/across-versions';
import { compareSides } from '../../scripts/compare/decide';
import type { Side } from '../../scripts/compare/side';
import { side } from './sides';

let parser: SqlParser;
beforeAll(async () => {
  parser = await loadSqlParser();
});

const ofVersion = (postgres: string, more: Partial<Side> = {}): Side => side({ postgres, ...more });

const withView = (postgres: string, definition: string, grants = 'citus SELECT f'): Side =>
  ofVersion(postgres, {
    views: [{ view: { schema: 'public', name: 'v' }, objects: { definition, grants } }],
  });

const TABLE: Side['tables'][number] = {
  table: { schema: 'public', name: 'a' },
  citus: { kind: 'plain' },
  columns: ['a'],
  rows: { rows: 0, checksum: '0', shards: [] },
};

const different = (from: Side, to: Side): (string | undefined)[] =>
  compareSides(...alikeAcrossVersions(from, to, parser)).differences.map(({ part }) => part);

test('two servers of one major write alike', () => {
  expect(differentMajors(ofVersion('15.4'), ofVersion('15.20'))).toBe(false);
  expect(differentMajors(ofVersion('15.4'), ofVersion('17.2'))).toBe(true);
});

describe('a view over one table', () => {
  it.each([
    [
      'SELECT events.device_id, count(*) AS count FROM events GROUP BY events.device_id;',
      'SELECT device_id, count(*) AS count FROM events GROUP BY device_id;',
    ],
    [
      'SELECT e.a FROM public.events e WHERE (e.b > 1) ORDER BY e.a;',
      'SELECT a FROM public.events e WHERE (b > 1) ORDER BY a;',
    ],
    ['SELECT "E".a FROM "E" ORDER BY "E".a;', 'SELECT a FROM "E" ORDER BY a;'],
    [
      'SELECT s.a FROM ( SELECT t.a FROM t, u WHERE (t.a = u.a)) s;',
      'SELECT a FROM ( SELECT t.a FROM t, u WHERE (t.a = u.a)) s;',
    ],
    [
      'SELECT t.a FROM t WHERE (EXISTS ( SELECT 1 FROM u WHERE (u.b = t.b)));',
      'SELECT a FROM t WHERE (EXISTS ( SELECT 1 FROM u WHERE (u.b = t.b)));',
    ],
  ])('is the same with and without the table before its columns: %s', (before, since) => {
    expect(different(withView('15.20', before), withView('17.12', since))).toEqual([]);
    expect(different(withView('17.12', since), withView('15.20', before))).toEqual([]);
  });

  it.each([
    ['another column', 'SELECT events.a FROM events;', 'SELECT b FROM events;'],
    ['another table', 'SELECT events.a FROM events;', 'SELECT a FROM others;'],
    ['another condition', 'SELECT t.a FROM t WHERE (t.a > 1);', 'SELECT a FROM t WHERE (a > 2);'],
    ['the column of the other of two tables', 'SELECT t.a FROM t, u;', 'SELECT u.a FROM t, u;'],
    [
      'the column of the other of two joined tables',
      'SELECT t.a FROM (t JOIN u USING (b));',
      'SELECT u.a FROM (t JOIN u USING (b));',
    ],
    [
      'an inner column',
      'SELECT s.a FROM ( SELECT t.a FROM t, u) s;',
      'SELECT a FROM ( SELECT u.a FROM t, u) s;',
    ],
    ['what no parser reads', 'SELECT t.a FROM t;', 'SELECT FROM WHERE'],
  ])('is another one with %s', (_title, before, since) => {
    expect(different(withView('15.20', before), withView('17.12', since))).toEqual(['definition']);
  });
});

test('names of NOT NULL constraints are no difference to a version that does not know them', () => {
  const named = (postgres: string, names: Readonly<Record<string, string>>): Side =>
    ofVersion(postgres, { objects: { a: { kind: 'table', ...names } }, tables: [TABLE] });
  const since = named('18.6', { 'name of NOT NULL of column id': 'of whom' });
  for (const old of [named('17.11', {}), named('15.20', {})]) {
    expect(different(old, since)).toEqual([]);
    expect(different(since, old)).toEqual([]);
  }
  expect(different(since, named('18.6', { 'name of NOT NULL of column id': 'a_id_not_null' }))).toHaveLength(
    1,
  );
});

describe('the privilege MAINTAIN', () => {
  const old = 'citus INSERT f, citus SELECT f';
  const since = 'app MAINTAIN t, citus INSERT f, citus MAINTAIN f, citus SELECT f';
  const granted = (postgres: string, grants: string): Side =>
    ofVersion(postgres, {
      objects: { a: { grants } },
      tables: [TABLE],
    });

  it('is no difference to a version that does not know it', () => {
    expect(different(granted('15.20', old), granted('17.12', since))).toEqual([]);
    expect(different(withView('16.1', 'SELECT 1;', old), withView('17.1', 'SELECT 1;', since))).toEqual([]);
  });

  it('is one between two that do, and other privileges always are', () => {
    expect(different(granted('17.12', old), granted('18.1', since))).toEqual(['grants']);
    expect(different(granted('15.20', old), granted('17.12', `${since}, web SELECT f`))).toEqual(['grants']);
  });
});
