import type { Distribution } from '../../../config/workload/distribution-types';
import type { LiveComment, LiveDatabase, LiveTable } from '../../../scripts/database/model/live';
import { planTables } from '../../../scripts/tables/plan/plan';
import type { TablesStep } from '../../../scripts/database/model/step';
import { sealPlan } from '../../../scripts/tables/review/plan-file';
import type { SealedPlan } from '../../../scripts/tables/review/plan-file';
import {
  planAsReviewed,
  requireNothingBeyond,
  requireReviewed,
} from '../../../scripts/tables/review/reviewed';
import {
  column,
  distributed,
  distribution,
  foreignKey,
  key,
  liveDatabase,
  liveTable,
  named,
  primaryKey,
  sealedOf,
  sensors,
} from '../support/catalog';
import { perform } from '../support/model';

const comments = (text: string): LiveComment[] => [{ on: 'table', schema: 'public', name: '', text }];
const expected = distribution();
/** With a comment, which Citus forgets; the plan for it has every kind of step that the sensors can need but NOT NULL. */
const start = liveDatabase(sensors({ events: { comments: comments('all of them') } }));
const seal = (live: LiveDatabase = start, spec: Distribution = expected): SealedPlan =>
  sealPlan(planTables(spec, live), spec, live, sealedOf);
const edited = (
  edit: (steps: readonly TablesStep[]) => readonly TablesStep[],
  plan = seal(),
): SealedPlan => ({
  ...plan,
  steps: edit(plan.steps),
});
const check = (live: LiveDatabase, reviewed = seal(), begun = true): string[] =>
  requireReviewed(reviewed, planTables(reviewed.expected, live), live, begun).steps.map((step) => step.id);

/** The database after the steps of the plan before this one. */
function before(id: string, live = start, spec = expected): LiveDatabase {
  const { steps } = planTables(spec, live);
  const [step] = steps;
  if (step === undefined) throw new Error(`no step ${id}`);
  return step.id === id ? live : before(id, perform(spec, live, step), spec);
}

const change = (live: LiveDatabase, table: string, more: Partial<LiveTable>): LiveDatabase => ({
  ...live,
  tables: live.tables.map((each) => (each.table.name === table ? { ...each, ...more } : each)),
});
const refusal = (message: RegExp): Error =>
  expect.objectContaining({ exitCode: 3, message: expect.stringMatching(message) as string }) as Error;

describe('the database of a reviewed plan', () => {
  test('may have other rows, sizes and nodes', () => {
    const tables = start.tables.map((table) => ({ ...table, oid: 99, bytes: 7, rowEstimate: 1_000_000 }));
    const node = { groupId: 7, name: 'new', port: 6432, shouldHaveShards: true, active: true };
    expect(check({ ...start, tables, nodes: [...start.nodes, node], otherTables: [named('t')] })).toEqual(
      seal().steps.map((step) => step.id),
    );
  });

  test.each<[string, string, Partial<LiveTable>, RegExp]>([
    [
      'a column',
      'devices',
      { columns: [column('device_id'), column('device_type_id'), column('note', 'text')] },
      /type of note of table devices is new/,
    ],
    ['an owner', 'devices', { owner: 'bob' }, /owner of table devices is different/],
    [
      'a foreign key',
      'devices',
      { foreignKeys: [] },
      /foreign key devices_device_type_id_fkey of table devices is gone/,
    ],
    [
      'a policy',
      'devices',
      { facts: [{ subject: 'policy own', definition: 'r' }] },
      /policy own of table devices is new/,
    ],
    ['the first row', 'device_types', { hasHeap: false }, /rows of table device_types is different/],
    [
      'what Citus makes of a table',
      'devices',
      { citus: distributed('device_type_id', 9) },
      /citus of table devices/,
    ],
  ])('is refused once %s has changed', (_what, table, more, words) => {
    expect(() => check(change(start, table, more))).toThrow(refusal(words));
  });

  test('is refused once another table reaches into it, or the server is set otherwise', () => {
    const more = liveTable('late', { foreignKeys: [foreignKey('late', ['device_type_id'], 'device_types')] });
    expect(() => check({ ...start, tables: [...start.tables, more] })).toThrow(refusal(/table late is new/));
    expect(() => check({ ...start, walLevel: 'replica' })).toThrow(refusal(/wal_level is different/));
    expect(() => check({ ...start, citusVersion: '13.0' })).toThrow(refusal(/version of Citus is different/));
  });

  test('is refused for what changed, also where that does not fit the specification', () => {
    const outgoing = foreignKey('devices', ['device_id'], 'events');
    const live = change(start, 'devices', { foreignKeys: [outgoing] });
    expect(() => planTables(expected, live)).toThrow(/does not fit/);
    expect(() => planAsReviewed(seal(), expected, live, false)).toThrow(
      refusal(/foreign key devices_device_id_fkey of table devices is new/),
    );
    expect(planAsReviewed(seal(), expected, start, false)).toEqual(planTables(expected, start));
    // What no step of the plan does was somebody else's doing in the midst of a run as well.
    const broken = change(before('create-reference-table:device_types'), 'events', { triggers: ['late'] });
    expect(() => planAsReviewed(seal(), expected, broken, true)).toThrow(
      refusal(/trigger.* of table events|triggers of table events/),
    );
  });

  test('is refused where another comment would be written down, and not where nothing is done about it', () => {
    expect(() => check(change(start, 'events', { comments: comments('some of them') }))).toThrow(
      refusal(/record-comments:events would run other SQL than was reviewed.*nothing was changed/),
    );
    expect(() => check(change(start, 'devices', { comments: comments('new') }))).toThrow(
      refusal(/record-comments:devices would be needed, which the plan does not have/),
    );
    const blocking = distribution({ online: false });
    const plan = seal(start, blocking);
    expect(() => check(change(start, 'events', { comments: comments('new') }), plan)).not.toThrow();
  });

  test('is refused where somebody did a step before it was its turn', () => {
    const types = perform(
      expected,
      before('create-reference-table:device_types'),
      seal().steps.find((step) => step.id === 'create-reference-table:device_types')!,
    );
    const early = { ...start, tables: start.tables.map((table, index) => types.tables[index] ?? table) };
    const devices = change(start, 'device_types', { citus: early.tables[0]!.citus });
    expect(() => check(devices)).toThrow(refusal(/citus of table device_types is different/));
  });
});

describe('a run of a reviewed plan that was broken off', () => {
  test('is known by its record: without one, somebody else did the first steps', () => {
    const live = before('drop-foreign-key:events:events_device_id_fkey');
    expect(() => check(live)).not.toThrow();
    expect(() => check(live, seal(), false)).toThrow(
      refusal(/key scaleout_key_events of table events is new/),
    );
    expect(() => check(start, seal(), false)).not.toThrow();
  });

  test('goes on from every step, in the order of the review', () => {
    const { steps } = seal();
    for (const [place, step] of steps.entries()) {
      const live = before(step.id);
      const left = check(live);
      expect(left).toEqual(steps.slice(place).map(({ id }) => id));
      const now = planTables(expected, live);
      expect(requireNothingBeyond(seal(), now, 'nothing').steps.map(({ id }) => id)).toEqual(left);
    }
  });

  test('goes on from an index that was left unfinished, by a step that was reviewed for that', () => {
    const [primary] = start.tables[2]!.keys;
    const unfinished = key('scaleout_key_events', 'index', ['device_id', 'event_id'], { valid: false });
    const live = change(start, 'events', { keys: [primary!, unfinished] });
    expect(check(live).slice(0, 2)).toEqual(['drop-leftover-index:events', 'build-key-index:events']);
    const without = edited(([first, ...rest]) => [{ ...first!, contingencies: [] }, ...rest]);
    expect(() => check(live, without)).toThrow(
      refusal(/drop-leftover-index:events would be needed, which the plan does not have/),
    );
  });

  test('goes on from a table that was left local, with its comment recorded', () => {
    const then = before('distribute:events');
    const live = {
      ...change(then, 'events', {
        citus: { kind: 'local', autoConverted: false },
        hasHeap: false,
        comments: [],
      }),
      recordedComments: then.recordedComments.map((each) => ({ ...each, missing: true })),
    };
    expect(check(live)[0]).toBe('distribute:events');
    // Any other table has no reason to be local by then.
    const other = change(start, 'events', { citus: { kind: 'local', autoConverted: false } });
    expect(() => check(other)).toThrow(refusal(/citus of table events is different/));
  });

  test('goes on although the rows of a table went along with it, and no copy is left to remove', () => {
    const blocking = distribution({ online: false });
    const live = change(before('truncate-local-copy:events', start, blocking), 'devices', { hasHeap: false });
    expect(check(live, seal(start, blocking))).toEqual([
      'truncate-local-copy:events',
      'truncate-local-copy:device_types',
    ]);
  });

  test.each<[string, (live: LiveDatabase) => LiveDatabase, RegExp]>([
    ['an owner', (live) => change(live, 'events', { owner: 'bob' }), /owner of table events is different/],
    [
      'a key that no step makes',
      (live) =>
        change(live, 'devices', {
          keys: [primaryKey('devices', ['device_id']), key('own', 'unique', ['device_id'])],
        }),
      /key own of table devices is new/,
    ],
    [
      'the key of a table that gets none',
      (live) =>
        change(live, 'devices', { keys: [primaryKey('devices', ['device_id'], { deferrable: true })] }),
      /key devices_pkey of table devices is different/,
    ],
    [
      'NOT NULL of a column that gets none',
      (live) =>
        change(live, 'events', {
          columns: [column('event_id', 'bigint', { notNull: false }), column('device_id')],
        }),
      /not null event_id of table events is different/,
    ],
    [
      'a table that was not yet its turn',
      (live) => change(live, 'events', { citus: distributed('device_id', 77) }),
      /citus of table events is different/,
    ],
  ])('does not go on where somebody else changed %s', (_what, edit, words) => {
    expect(() => check(edit(before('distribute:devices')))).toThrow(refusal(words));
  });
});

describe('a foreign key of a reviewed plan', () => {
  const id = 'events:events_device_id_fkey';
  const other = foreignKey('events', ['device_id'], 'devices', {
    onDelete: 'c',
    definition: 'FOREIGN KEY (device_id) REFERENCES public.devices(device_id) ON DELETE CASCADE',
  });
  const notValid = (each: typeof other): typeof other => ({
    ...each,
    validated: false,
    definition: `${each.definition} NOT VALID`,
  });

  test('is in force, away, in force without validation, and in force as it was', () => {
    for (const step of ['drop-foreign-key', 'restore-foreign-key', 'validate-foreign-key'])
      expect(check(before(`${step}:${id}`))[0]).toBe(
        step === 'drop-foreign-key' ? 'drop-foreign-key:events:events_device_id_fkey' : `${step}:${id}`,
      );
    expect(check(before('remove-record:scaleout.dropped_foreign_key'))).toContain(
      'remove-record:scaleout.dropped_foreign_key',
    );
    // PostgreSQL chooses the key that it rests on.
    const [own] = before('remove-record:scaleout.dropped_foreign_key').tables[2]!.foreignKeys;
    const live = change(before('remove-record:scaleout.dropped_foreign_key'), 'events', {
      foreignKeys: [{ ...own!, usesKey: 'devices_alike' }],
    });
    expect(() => check(live)).not.toThrow();
  });

  test.each<[string, string, (live: LiveDatabase) => LiveDatabase, RegExp]>([
    [
      'gone without a record',
      `drop-foreign-key:${id}`,
      (live) => change(live, 'events', { foreignKeys: [] }),
      /foreign key events_device_id_fkey of table events is gone/,
    ],
    [
      'another, before anything was done',
      'build-key-index:events',
      (live) => change(live, 'events', { foreignKeys: [other] }),
      /foreign key events_device_id_fkey of table events is different/,
    ],
    [
      'recorded as another',
      'distribute:devices',
      (live) => ({ ...live, droppedForeignKeys: [other] }),
      /foreign key events_device_id_fkey of table events is gone/,
    ],
    [
      'back as another, unvalidated',
      `validate-foreign-key:${id}`,
      (live) => change(live, 'events', { foreignKeys: [notValid(other)] }),
      /foreign key events_device_id_fkey of table events is different/,
    ],
    [
      'back as another, for good',
      'remove-record:scaleout.dropped_foreign_key',
      (live) => change(live, 'events', { foreignKeys: [other] }),
      /foreign key events_device_id_fkey of table events is different/,
    ],
    [
      'left unvalidated without a record',
      'remove-record:scaleout.dropped_foreign_key',
      (live) =>
        change(live, 'events', { foreignKeys: [notValid(foreignKey('events', ['device_id'], 'devices'))] }),
      /foreign key events_device_id_fkey of table events is different/,
    ],
    [
      'recorded although no step drops it',
      'distribute:devices',
      (live) => ({
        ...change(live, 'devices', { foreignKeys: [] }),
        droppedForeignKeys: [...live.droppedForeignKeys, ...live.tables[1]!.foreignKeys],
      }),
      /foreign key devices_device_type_id_fkey of table devices is gone/,
    ],
  ])('may not be %s', (_what, step, edit, words) => {
    expect(() => check(edit(before(step)))).toThrow(refusal(words));
  });

  test('that was recorded when the plan was made may come back, as it was recorded', () => {
    const live = before('distribute:devices');
    const reviewed = seal(live);
    const later = before(`validate-foreign-key:${id}`);
    expect(check(later, reviewed)[0]).toBe(`validate-foreign-key:${id}`);
    expect(check(before('remove-record:scaleout.dropped_foreign_key'), reviewed)).toHaveLength(
      planTables(expected, before('remove-record:scaleout.dropped_foreign_key')).steps.length,
    );
    expect(() => check(change(later, 'events', { foreignKeys: [notValid(other)] }), reviewed)).toThrow(
      refusal(/foreign key events_device_id_fkey of table events is new/),
    );
  });
});

describe('what was not reviewed does not run', () => {
  const now = planTables(expected, start);
  const go = (reviewed: SealedPlan, plan = now): readonly TablesStep[] =>
    requireNothingBeyond(reviewed, plan, 'six steps are done').steps;

  test('whichever step the plan lacks, comments included', () => {
    expect(now.steps.map((step) => step.action)).toEqual(
      expect.arrayContaining(['record-comments', 'restore-comments', 'remove-record']),
    );
    for (const { id } of now.steps) {
      expect(() => go(edited((steps) => steps.filter((step) => step.id !== id)))).toThrow(
        refusal(new RegExp(`${id} would be needed, which the plan does not have.*six steps are done`)),
      );
    }
  });

  test('whichever statement of a step is another, is more or is missing', () => {
    for (const { id, sql } of now.steps) {
      for (const place of sql.keys()) {
        for (const statements of [
          sql.with(place, `${sql[place] ?? ''} `),
          sql.toSpliced(place, 1),
          [...sql].reverse().length > 1 ? [...sql].reverse() : [],
        ]) {
          const reviewed = edited((steps) =>
            steps.map((step) => (step.id === id ? { ...step, sql: statements } : step)),
          );
          expect(() => go(reviewed)).toThrow(refusal(new RegExp(`${id} would run other SQL`)));
        }
      }
    }
  });

  test.each<[string, Partial<TablesStep>]>([
    ['comment', { comment: 'takes a moment' }],
    ['blocksWrites', {}],
    ['reversible', {}],
    ['transaction', {}],
    ['contingencies', { contingencies: [{ id: 'x', action: 'distribute', sql: [], comment: '' }] }],
  ])('whichever step was reviewed with another %s', (claim, other) => {
    for (const step of now.steps) {
      const flag = claim in other ? other : { [claim]: !step[claim as 'blocksWrites'] };
      const reviewed = edited((steps) =>
        steps.map((each) => (each.id === step.id ? { ...each, ...flag } : each)),
      );
      const words = new RegExp(`${step.id} says of itself what was reviewed otherwise \\(${claim}\\)`);
      expect(() => go(reviewed)).toThrow(refusal(words));
      expect(() => check(start, reviewed, false)).toThrow(refusal(words));
      expect(() => check(before(step.id), reviewed)).toThrow(refusal(words));
    }
  });

  test('but with another guess at its rows it does', () => {
    const reviewed = edited((steps) => steps.map((step) => ({ ...step, rows: 7 })));
    expect(go(reviewed)).toEqual(now.steps);
  });

  test('of what was reviewed, a run may leave out a comment that is there and a schema that is in use, and no more', () => {
    const reviewedWith = (id: string, statement: string): SealedPlan =>
      edited((steps) =>
        steps.map((step) => (step.id === id ? { ...step, sql: [...step.sql, statement] } : step)),
      );
    const [restore, remove] = ['restore-comments:events', 'remove-record:scaleout.recorded_comment'];
    expect(now.steps.map((step) => step.id)).toEqual(expect.arrayContaining([restore, remove]));
    for (const [id, statement] of [
      [restore, `COMMENT ON COLUMN "public"."events"."device_id" IS 'it'`],
      ['remove-record:scaleout.dropped_foreign_key', 'DROP SCHEMA scaleout'],
    ] as const) {
      expect(go(reviewedWith(id, statement)).map((step) => step.id)).toContain(id);
    }
    for (const [id, statement] of [
      [restore, 'DELETE FROM scaleout.recorded_comment'],
      [remove, `COMMENT ON TABLE "public"."events" IS 'all'`],
      [remove, 'DROP SCHEMA scaleout CASCADE'],
      ['distribute:devices', 'DROP SCHEMA scaleout'],
    ] as const) {
      expect(() => go(reviewedWith(id, statement))).toThrow(refusal(new RegExp(`${id} would run other SQL`)));
    }
  });

  test('tables join a group without a copy only where that was reviewed', () => {
    const by = (name: string, more: object = {}): Distribution['tables'][number] => ({
      kind: 'distributed',
      table: named(name),
      distributeBy: 'id',
      ...more,
    });
    const spec = distribution({ tables: [by('a', {}), by('b', { colocateWith: named('a') })] });
    const tables = (a: number, b: number): LiveDatabase =>
      liveDatabase([
        liveTable('a', { citus: distributed('id', 3, a), hasHeap: false }),
        liveTable('b', { citus: distributed('id', 4, b), hasHeap: false }),
      ]);
    const plan = seal(tables(8, 32), spec);
    expect(plan.steps.map((step) => step.id)).toEqual(['alter-distribution:a', 'alter-distribution:b']);
    expect(plan.steps[1]?.contingencies?.map((each) => each.id)).toEqual(['change-colocation:b']);
    const alike = tables(32, 32);
    expect(check(alike, plan)).toEqual(['change-colocation:b']);
    const without = edited((steps) => steps.map((step) => ({ ...step, contingencies: [] })), plan);
    expect(() => check(alike, without)).toThrow(refusal(/change-colocation:b would be needed/));
    // The other way round a copy would come as a surprise.
    const cheap = seal(alike, spec);
    expect(cheap.steps.map((step) => step.id)).toEqual(['change-colocation:b']);
    expect(() => go(cheap, planTables(spec, tables(32, 16)))).toThrow(
      refusal(/alter-distribution:b would be needed, which the plan does not have/),
    );
  });
});
