import { carried } from '../../../scripts/tables/plan/carried';
import { policyFailures, withoutRestrictive } from '../../../scripts/database/checks/policies';
import { inPolicyWindow, closeLeftOpenWindows } from '../../../scripts/tables/plan/policy-windows';
import { step } from '../../../scripts/database/model/step';
import { planTables } from '../../../scripts/tables/plan/plan';
import {
  distribution,
  foreignKey,
  identityOf,
  liveDatabase,
  liveTable,
  materializedView,
  named,
  policyOf,
} from '../support/catalog';

describe('what is carried in the transaction in which Citus makes a table anew', () => {
  const t = liveTable('t', { identities: [identityOf('t')] });
  const filled = materializedView('m', named('t'));
  const empty = {
    ...materializedView('n', named('t'), false),
    extras: ['GRANT SELECT ON TABLE public.n TO bob'],
  };
  const plain = { ...filled, view: named('v'), kind: 'plain' as const };
  const live = liveDatabase([t, liveTable('u')], { views: [plain, filled, empty] });

  test('a conversion: the position, read under locks; every materialized view, as it was filled', () => {
    const { before, after, refreshes } = carried(live, [named('t')], 'convert');
    expect(before).toEqual([
      'SET LOCAL citus.max_matview_size_to_auto_recreate TO -1',
      'SET LOCAL row_security TO on',
      'LOCK TABLE "public"."t" IN ACCESS EXCLUSIVE MODE',
      'ALTER SEQUENCE "public"."t_id_seq" CACHE 1',
      expect.stringContaining('FROM "public"."t_id_seq"'),
    ]);
    expect(after).toEqual([
      expect.stringMatching(/^SELECT setval\(pg_get_serial_sequence\('"public"\."t"', 'id'\)/),
      'REFRESH MATERIALIZED VIEW "public"."m"',
      'REFRESH MATERIALIZED VIEW "public"."n" WITH NO DATA',
      'GRANT SELECT ON TABLE public.n TO bob',
    ]);
    expect(refreshes).toBe(true);
  });

  test('a copy fills what was filled; what was not is emptied again, under the policies of the session', () => {
    const { before, after, refreshes } = carried(live, [named('t')], 'copy');
    expect(before).toEqual(['SET LOCAL citus.max_matview_size_to_auto_recreate TO -1']);
    expect(after.filter((each) => each.startsWith('REFRESH'))).toEqual([
      'REFRESH MATERIALIZED VIEW "public"."n" WITH NO DATA',
    ]);
    expect(refreshes).toBe(false);
  });

  test('a copy of a partitioned table fills views itself, as Citus fills them before the partitions are back', () => {
    const parted = { ...live, tables: [liveTable('t', { kind: 'partitioned' })] };
    expect(carried(parted, [named('t')], 'copy').after.filter((each) => each.startsWith('REFRESH'))).toEqual([
      'REFRESH MATERIALIZED VIEW "public"."m"',
      'REFRESH MATERIALIZED VIEW "public"."n" WITH NO DATA',
    ]);
  });

  test('a copy makes views over other tables anew: joined across shards, and past the policies of those', () => {
    const forced = [{ table: named('u'), state: 'on' as const }];
    const joined = { ...filled, tables: [named('t'), named('u')] };
    const both = liveDatabase([liveTable('t'), liveTable('u', { forced })], { views: [joined] });
    expect(carried(both, [named('t')], 'copy').before).toEqual([
      'SET LOCAL citus.max_matview_size_to_auto_recreate TO -1',
      'SET LOCAL citus.enable_repartition_joins TO on',
      "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'",
      'SET LOCAL row_security TO on',
      'LOCK TABLE "public"."u" IN ACCESS EXCLUSIVE MODE',
      'ALTER TABLE "public"."u" NO FORCE ROW LEVEL SECURITY',
      expect.stringMatching(/^SELECT set_config\('scaleout.rows_1', .* FROM "public"."m" AS held\), true\)$/),
    ]);
    // Of the table that is copied FORCE is off already, in the window of its copy.
    expect(carried(both, [named('u')], 'copy').before.filter((each) => each.includes('FORCE'))).toEqual([]);
  });

  test('checks that are NOT VALID are away meanwhile, and keep their comment where no step makes it again', () => {
    const check = {
      table: named('t'),
      name: 'few',
      definition: 'CHECK ((id < 5)) NOT VALID',
      comment: "it's",
    };
    const odd = liveTable('t', { uncheckedChecks: [check], extras: ['COMMENT ON TRIGGER x'] });
    const again = 'ALTER TABLE "public"."t" ADD CONSTRAINT "few" CHECK ((id < 5)) NOT VALID';
    expect(carried(liveDatabase([odd]), [named('t')], 'copy')).toMatchObject({
      before: ['ALTER TABLE "public"."t" DROP CONSTRAINT "few"'],
      after: [again, 'COMMENT ON TRIGGER x'],
    });
    expect(carried(liveDatabase([odd]), [], 'copy', [odd]).after).toEqual([
      again,
      `COMMENT ON CONSTRAINT "few" ON "public"."t" IS 'it''s'`,
    ]);
  });

  test("names of NOT NULL constraints, PostgreSQL's own where a copy loses them; a NOT NULL that is NOT VALID is away by its column", () => {
    const plain = { table: named('t'), noInherit: false, inherited: false, commented: false };
    const own = { ...plain, column: 'id', name: 't_id_not_null' };
    const given = { ...plain, column: 'n', name: "n's" };
    const bound = liveTable('t', { notNulls: [own, given, { ...given, column: 'at', inherited: true }] });
    const copy = carried(liveDatabase([bound]), [named('t')], 'copy');
    expect(copy.after).toHaveLength(3);
    expect(copy.after[1]).toContain("(''id'', ''t_id_not_null''), (''n'', ''n''''s'')) AS wanted");
    expect(copy.what).toEqual(['names of NOT NULL constraints of t']);
    const usual = liveDatabase([liveTable('t', { notNulls: [own] })]);
    expect(carried(usual, [named('t')], 'copy')).toMatchObject({ after: { length: 3 }, what: [] });
    expect(carried(usual, [named('t')], 'convert').after).toEqual([]);
    expect(carried(liveDatabase([bound]), [named('t')], 'convert').after).toHaveLength(3);

    const check = { table: named('t'), name: 'later', column: 'N', definition: 'NOT NULL "N" NOT VALID' };
    expect(
      carried(liveDatabase([liveTable('t', { uncheckedChecks: [check] })]), [named('t')], 'copy'),
    ).toMatchObject({
      before: ['ALTER TABLE "public"."t" ALTER COLUMN "N" DROP NOT NULL'],
      after: ['ALTER TABLE "public"."t" ADD CONSTRAINT "later" NOT NULL "N" NOT VALID'],
    });
  });

  test('nothing, where nothing rests on the table', () => {
    expect(carried(live, [named('u')], 'convert')).toEqual({
      before: [],
      after: [],
      what: [],
      refreshes: false,
    });
  });

  test('children are locked before their parents, whatever their names', () => {
    const child = liveTable('z', {
      identities: [identityOf('z')],
      foreignKeys: [foreignKey('z', ['t_id'], 't')],
    });
    expect(carried(liveDatabase([t, child]), [named('t'), named('z')], 'convert').before[0]).toBe(
      'LOCK TABLE "public"."z", "public"."t" IN ACCESS EXCLUSIVE MODE',
    );
  });

  test('a conversion checks foreign keys anew past the policies of both ends, and those of what views read', () => {
    const bound = (name: string) => ({ forced: [{ table: named(name), state: 'on' as const }] });
    const u = liveTable('u', { ...bound('u'), foreignKeys: [foreignKey('u', ['v_id'], 'v')] });
    const all = liveDatabase([u, liveTable('v', bound('v')), liveTable('w', bound('w'))], {
      views: [materializedView('m', named('u'))],
    });
    const { before, after } = carried(all, [named('u')], 'convert');
    expect(before.filter((each) => each.includes('FORCE'))).toEqual([
      'ALTER TABLE "public"."u" NO FORCE ROW LEVEL SECURITY',
      'ALTER TABLE "public"."v" NO FORCE ROW LEVEL SECURITY',
    ]);
    expect(after).toEqual([
      'REFRESH MATERIALIZED VIEW "public"."m"',
      expect.stringMatching(
        /^DO 'BEGIN IF .*<> current_setting\(''scaleout.rows_1''\) THEN ALTER TABLE "public"."u" FORCE ROW LEVEL SECURITY; REFRESH MATERIALIZED VIEW "public"."m"; ALTER TABLE "public"."u" NO FORCE/,
      ),
      'ALTER TABLE "public"."u" FORCE ROW LEVEL SECURITY',
      'ALTER TABLE "public"."v" FORCE ROW LEVEL SECURITY',
    ]);
    expect([...carried(all, [named('u')], 'copy').before].filter((each) => each.includes('FORCE'))).toEqual(
      [],
    );
  });

  test('a name of its own for the sequence, whatever is in it', () => {
    const odd = liveTable('t', { identities: [{ ...identityOf('t'), sequence: named(`it's "odd"`) }] });
    const { after } = carried(liveDatabase([odd]), [named('t')], 'convert');
    expect(after[1]).toMatch(/^DO .*RENAME TO %I.*it''''s "odd"/);
  });
});

describe('windows in which FORCE is off', () => {
  const forced = (state: 'on' | 'lifted') => [{ table: named('t'), state }];
  const copy = step('distribute', named('t'), [], { comment: '', reversible: true, transaction: false });
  const actions = (state: 'on' | 'lifted') =>
    inPolicyWindow(copy, [liveTable('t', { forced: forced(state) })]).map(({ action }) => action);

  test('open before the copy, or are open already, and close after it', () => {
    expect(actions('on')).toEqual(['lift-forced-policy', 'distribute', 'restore-forced-policy']);
    expect(actions('lifted')).toEqual(['distribute', 'restore-forced-policy']);
    expect(inPolicyWindow(copy, [liveTable('t')])).toEqual([copy]);
  });

  test('that a run left open close first, unless the plan copies the table', () => {
    const live = liveDatabase([liveTable('t', { forced: forced('lifted') })]);
    expect(closeLeftOpenWindows(live, []).map(({ id }) => id)).toEqual(['restore-forced-policy:t']);
    const { steps } = planTables(
      distribution({ tables: [{ kind: 'distributed', table: named('t'), distributeBy: 'id' }] }),
      live,
    );
    expect(steps.map(({ id }) => id)).toEqual(['distribute:t', 'restore-forced-policy:t']);
  });
});

describe('policies that Citus does not carry', () => {
  test('a restrictive one is refused with its expression in each permissive one that stands beside it', () => {
    const table = named('t');
    const faults = policyFailures(
      {
        policies: [
          policyOf(table, { name: 'all', using: 'a = 1', withCheck: 'a = 2' }),
          policyOf(table, { name: 'read', command: 'SELECT', using: 'b' }),
          policyOf(table, { name: 'insert', command: 'INSERT', using: 'c' }),
          policyOf(table, { name: 'never', permissive: false, using: 'd > 0' }),
        ],
      },
      true,
    );
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(
      'ALTER POLICY "all" ON "public"."t" USING ((a = 1) AND (d > 0)) WITH CHECK ((a = 2) AND (d > 0))',
    );
    expect(faults[0]).toContain('ALTER POLICY "read" ON "public"."t" USING ((b) AND (d > 0))');
    expect(faults[0]).toContain('ALTER POLICY "insert" ON "public"."t" WITH CHECK ((c) AND (d > 0))');
  });

  test('one for a single command and some roles narrows nothing else: what is for all commands is split', () => {
    const table = named('t');
    const policies = [
      policyOf(table, { name: "all o'", using: 'a', withCheck: 'b', roles: ['app', 'public'] }),
      policyOf(table, { name: 'read', command: 'SELECT', using: 'c' }),
      policyOf(table, { name: 'no', command: 'UPDATE', permissive: false, using: 'd', roles: ["o'x"] }),
    ];
    const only = `(NOT (pg_has_role('o''x', 'USAGE')) OR (d))`;
    expect(withoutRestrictive(policies)).toEqual([
      `DROP POLICY "all o'" ON "public"."t"`,
      `CREATE POLICY "all o'_select" ON "public"."t" FOR SELECT TO "app", PUBLIC USING ((a))`,
      `CREATE POLICY "all o'_insert" ON "public"."t" FOR INSERT TO "app", PUBLIC WITH CHECK ((b))`,
      `CREATE POLICY "all o'_update" ON "public"."t" FOR UPDATE TO "app", PUBLIC USING ((a) AND ${only}) WITH CHECK ((b) AND ${only})`,
      `CREATE POLICY "all o'_delete" ON "public"."t" FOR DELETE TO "app", PUBLIC USING ((a))`,
      'DROP POLICY "no" ON "public"."t"',
    ]);
  });

  test('one that stands alone permits nothing, and is to be dropped', () => {
    expect(policyFailures({ policies: [policyOf(named('t'), { permissive: false })] }, true)).toEqual([
      expect.stringMatching(/nothing is permitted by it either: drop it$/),
    ]);
  });
});

test('a table that the file does not name is named where it is converted, and its findings are notes', () => {
  const live = liveDatabase([
    liveTable('kind'),
    liveTable('thing', {
      foreignKeys: [foreignKey('thing', ['kind_id'], 'kind')],
      identities: [identityOf('thing')],
    }),
  ]);
  const plan = planTables(distribution({ tables: [{ kind: 'reference', table: named('kind') }] }), live);
  expect(plan.steps[0]).toMatchObject({ action: 'create-reference-table', converts: ['thing'] });
  expect(plan.findings.map(({ id, needs }) => [id, needs])).toEqual([
    ['converts-along:thing', 'none'],
    ['no-way-back:thing', 'none'],
  ]);
});

test('an online copy under commits that are acknowledged before they are written needs an allowance', () => {
  const live = liveDatabase([liveTable('t')], { asynchronousCommits: ['role app'] });
  const of = (online: boolean) =>
    planTables(
      distribution({ online, tables: [{ kind: 'distributed', table: named('t'), distributeBy: 'id' }] }),
      live,
    ).findings.map(({ id, needs }) => [id, needs]);
  expect(of(true)).toEqual([['asynchronous-commit:role app', 'allowance']]);
  expect(of(false)).toEqual([]);
});
