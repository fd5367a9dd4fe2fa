import type { LiveDatabase, LiveTable } from '../../../scripts/database/model/live';
import { taskCountOfPlan } from '../../../scripts/citus/task-count';
import { compareRows } from '../../../scripts/database/observe/observation';
import { describeVerified } from '../../../scripts/tables/commands';
import type { Check } from '../../../scripts/tables/verify/check';
import { sealReceipt } from '../../../scripts/tables/verify/receipt';
import { checkTables, compareFingerprints, withRun } from '../../../scripts/tables/verify/verify';
import {
  distributed,
  distributedSensors,
  distribution,
  foreignKey,
  liveDatabase,
  named,
  primaryKey,
} from '../support/catalog';

const wrong = (live: LiveDatabase): string[] =>
  checkTables(distribution(), live)
    .filter((check) => !check.ok)
    .map((check) => check.id);

test('everything holds where it is as specified', () => {
  expect(wrong(liveDatabase(distributedSensors()))).toEqual([]);
});

test.each<[string, Partial<LiveTable>, string[]]>([
  ['still plain', { citus: { kind: 'plain' } }, ['table:events']],
  ['by another column', { citus: distributed('event_id', 7) }, ['table:events']],
  ['in another group', { citus: distributed('device_id', 8) }, ['table:events']],
  ['the old key', { keys: [primaryKey('events', ['event_id'])] }, ['primary-key:events']],
  [
    'the key in another order',
    { keys: [primaryKey('events', ['event_id', 'device_id'])] },
    ['primary-key:events'],
  ],
  ['rows left behind', { hasHeap: true }, ['leftovers:events']],
  [
    'an unfinished check',
    { ownChecks: [{ name: 'scaleout_not_null_x', validated: false }] },
    ['leftovers:events'],
  ],
])('%s', (_what, events, checks) => {
  expect(wrong(liveDatabase(distributedSensors(events)))).toEqual(checks);
});

test('a foreign key that is not validated: worth a note, and wrong where a run dropped it and it was', () => {
  const key = foreignKey('events', ['device_id'], 'devices');
  const live = (dropped: (typeof key)[]): LiveDatabase =>
    liveDatabase(distributedSensors({ foreignKeys: [{ ...key, validated: false }] }), {
      droppedForeignKeys: dropped,
    });
  const check = (dropped: (typeof key)[]): unknown =>
    checkTables(distribution(), live(dropped)).find(({ id }) => id === `foreign-key:events:${key.name}`);
  expect(check([])).toMatchObject({
    ok: true,
    warning: true,
    detail: expect.stringMatching(/not validated$/) as string,
  });
  expect(check([key])).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/not validated again yet$/) as string,
  });
  expect(check([{ ...key, validated: false }])).toMatchObject({ ok: true, warning: true });
});

test('a foreign key that has not come back, a table that is gone, another shard count, an inactive placement', () => {
  expect(
    wrong(liveDatabase(distributedSensors(), { droppedForeignKeys: [foreignKey('x', ['id'], 'y')] })),
  ).toEqual(['dropped-foreign-keys']);
  expect(wrong(liveDatabase(distributedSensors().slice(1)))).toContain('table:device_types');
  expect(
    checkTables(distribution({ shardCount: 8 }), liveDatabase(distributedSensors())).filter(
      (check) => !check.ok,
    ),
  ).toEqual([
    expect.objectContaining({
      id: 'table:devices',
      detail: expect.stringContaining('expected 8 shards') as string,
    }),
  ]);
  const citus = {
    ...distributed('device_id', 7),
    placements: [{ groupId: 0, shards: 32, inactive: 2 }],
  } as LiveTable['citus'];
  expect(wrong(liveDatabase(distributedSensors({ citus })))).toEqual(['placements:events']);
});

test('shards on one node of three are right and worth a note', () => {
  const nodes = [0, 1, 2].map((groupId) => ({
    groupId,
    name: `n${String(groupId)}`,
    port: 5432,
    shouldHaveShards: true,
    active: true,
  }));
  const check = checkTables(distribution(), liveDatabase(distributedSensors(), { nodes })).find(
    (each) => each.id === 'placements:events',
  );
  expect(check).toMatchObject({ ok: true, warning: true });
  expect(check?.detail).toContain('none on n1:5432 and n2:5432');
});

test('fingerprints: the same rows, fewer rows, other rows, no table', () => {
  const table = named('t');
  const before = [{ table, rows: 2, checksum: '5' }];
  const verdict = (after: { rows: number; checksum: string }[]): unknown =>
    compareFingerprints(
      before,
      after.map((each) => ({ table, ...each })),
    )[0];
  expect(verdict([{ rows: 2, checksum: '5' }])).toMatchObject({ id: 'rows:t', ok: true });
  expect(verdict([{ rows: 1, checksum: '5' }])).toMatchObject({
    ok: false,
    detail: 'held 2 rows, holds 1 now',
  });
  expect(verdict([{ rows: 2, checksum: '6' }])).toMatchObject({ ok: false });
  expect(verdict([{ rows: 2, checksum: 'm6' }])).toMatchObject({
    ok: true,
    warning: true,
    detail: expect.stringMatching(/earlier version/) as string,
  });
  expect(verdict([{ rows: 3, checksum: 'm6' }])).toMatchObject({ ok: false });
  expect(verdict([])).toMatchObject({ ok: false });
});

test('rows that were others before the run are noted, whatever they are now', () => {
  const table = named('t');
  const moment = { at: '', rows: [], answers: [], objects: {} };
  const receipt = sealReceipt({
    database: { name: 'd', id: '', nodes: [] },
    tool: { name: 'scaleout', version: '0.1.0' },
    writtenAt: '',
    specified: [],
    applied: [],
    before: moment,
    after: moment,
    compared: {
      rows: compareRows([{ table, rows: 1200, checksum: '5' }], [{ table, rows: 1300, checksum: '6' }]),
      answers: [],
      objects: [],
    },
  });
  const check = { id: 'rows:t', ok: true, detail: '1,300 rows, the same as before' };
  expect(withRun(check, receipt)).toEqual({
    ...check,
    warning: true,
    detail: '1,300 rows, the same as before; before the run it held other rows (1,200)',
  });
  expect(withRun({ ...check, id: 'rows:u' }, receipt)).toEqual({ ...check, id: 'rows:u' });
  expect(withRun(check, undefined)).toEqual(check);
});

test('the task count of a plan is the outermost one', () => {
  const inner = {
    'Distributed Query': { Job: { 'Task Count': 4, Tasks: [{ 'Remote Plan': [{ 'Task Count': 9 }] }] } },
  };
  expect(taskCountOfPlan([{ Plan: { 'Node Type': 'Sort', Plans: [inner] } }])).toBe(4);
  expect(taskCountOfPlan([{ Plan: { 'Node Type': 'Seq Scan' } }])).toBeUndefined();
});

test('the last line counts notes, which say what could not be looked at', () => {
  const check = { id: 'rows:t', ok: true, detail: 'not countable while forced' };
  const last = (...checks: Check[]): string | undefined =>
    describeVerified({ formatVersion: 1, ok: true, checks }).split('\n').at(-1);
  expect(last(check, check)).toBe('All 2 checks hold.');
  expect(last(check, { ...check, warning: true })).toBe('All 2 checks hold, 1 with a note.');
});
