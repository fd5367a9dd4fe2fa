import type { Distribution } from '../../../config/workload/distribution-types';
import type { CitusTable, LiveTable, ViewRole } from '../../../scripts/database/model/live';
import {
  distributed,
  foreignKey,
  liveDatabase,
  liveTable,
  named,
  reference,
  schemaOf,
} from '../../tables/support/catalog';
import { byId, faultsAmong, faultsOf, spec, whole } from '../../tables/support/specifications';

/** A role that reads table t through view v. */
const reads = (more: Partial<ViewRole> = {}): ViewRole => ({
  view: named('v'),
  role: 'app',
  lacksSelect: [named('t')],
  lacksUsage: [],
  writes: [],
  boundOn: [],
  ...more,
});
const t = (viewRoles: readonly ViewRole[], more: Partial<LiveTable> = {}): LiveTable =>
  liveTable('t', { viewRoles, ...more });

test('a role that reads a table through a view alone is named, with the view and the ways out', () => {
  expect(faultsAmong(spec(byId('t')), t([reads()]))).toEqual([
    "table t is read through view v by app without SELECT on t, which PostgreSQL asks of the view's owner and Citus of whoever reads: " +
      'GRANT SELECT ON t TO app, let the view read a SECURITY DEFINER function that RETURNS TABLE instead, or leave table t out',
  ]);
});

test('nobody is named where the table stays, or is one of Citus’s already', () => {
  const quiet = (expected: Distribution, citus: CitusTable): void => {
    expect(faultsAmong(expected, t([reads({ writes: ['INSERT'] })], { citus }))).toEqual([]);
  };
  quiet(spec({ kind: 'local', table: named('t') }), { kind: 'plain' });
  quiet(spec(), { kind: 'plain' });
  quiet(spec(byId('t')), distributed('id', 7));
  quiet({ ...spec(byId('t')), shardCount: 64 }, distributed('id', 7));
  quiet(spec({ kind: 'local', table: named('t') }), distributed('id', 7));
  quiet(spec(whole('t')), reference);
  quiet(spec(byId('t')), { kind: 'local', autoConverted: true });
});

test('a reference table and a schema count as well, each with what is to be left out', () => {
  expect(faultsAmong(spec(whole('t')), t([reads()]))[0]).toMatch(/or leave table t out$/);
  const table = { schema: 'a', name: 't' };
  const live = liveDatabase([t([reads({ lacksSelect: [table] })], { table })], { schemas: [schemaOf('a')] });
  expect(faultsOf({ ...spec(), schemas: [{ kind: 'distributed', schema: 'a' }] }, live)).toEqual([
    expect.stringMatching(/^table a\.t is read .* GRANT SELECT ON a\.t TO app, .* or leave schema a out$/),
  ]);
});

test('a neighbour that turns local with a new reference table counts as well', () => {
  const child = t([reads()], { foreignKeys: [foreignKey('t', ['id'], 'kinds')] });
  expect(faultsAmong(spec(whole('kinds')), child, liveTable('kinds'))).toEqual([
    expect.stringMatching(/^table t is read .* or leave table kinds out, which takes t along$/),
  ]);
  expect(faultsAmong(spec(whole('other')), child, liveTable('kinds'), liveTable('other'))).toEqual([]);
});

test('schemas and tables beside it are granted along, and equal gaps are told once', () => {
  const gap = { lacksSelect: [named('t'), named('u')], lacksUsage: ['hidden'] };
  const faults = faultsAmong(
    spec(byId('t'), byId('u')),
    t([reads(gap), reads({ ...gap, view: named('w'), role: 'PUBLIC' })]),
    liveTable('u', { viewRoles: [reads(gap)] }),
  );
  expect(faults).toEqual([
    expect.stringMatching(
      /^tables t and u are read through views v and w by app and PUBLIC without SELECT on t and u and USAGE on schema hidden, .*: GRANT USAGE ON SCHEMA hidden TO app, PUBLIC and GRANT SELECT ON t, u TO app, PUBLIC, .* or leave table t out, leave table u out$/,
    ),
  ]);
});

test('of many, a handful is named', () => {
  const many = Array.from({ length: 8 }, (_, index) =>
    reads({ role: `r${String(index)}`, view: named(`v${String(index)}`) }),
  );
  expect(faultsAmong(spec(byId('t')), t(many))).toEqual([
    expect.stringMatching(
      /through views v0, v1, v2, v3, v4 and 3 more by r0, r1, r2, r3, r4 and 3 more .*GRANT SELECT ON t TO each of them/,
    ),
  ]);
});

test('a role that writes through a view alone is named by what it may do', () => {
  expect(faultsAmong(spec(byId('t')), t([reads({ lacksSelect: [], writes: ['INSERT', 'UPDATE'] })]))).toEqual(
    [
      'table t is written through view v by app, with INSERT and UPDATE on that alone, and Citus writes through no view: ' +
        'grant INSERT and UPDATE on t and write there, revoke them on the view, or leave table t out',
    ],
  );
});
