import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LiveDatabase } from '../../scripts/tables/live';
import { planTables } from '../../scripts/tables/plan';
import {
  readPlan,
  requireNothingBeyond,
  requireReviewed,
  sealPlan,
  writePlan,
} from '../../scripts/tables/plan-file';
import type { SealedPlan } from '../../scripts/tables/plan-file';
import { column, distribution, foreignKey, liveDatabase, liveTable, sensors } from './support/catalog';
import { perform } from './support/model';

const expected = distribution();
const start = liveDatabase(sensors());
const seal = (live: LiveDatabase = start): SealedPlan => sealPlan(planTables(expected, live), expected, live);

/** The database after so many steps of the plan. */
function after(steps: number): LiveDatabase {
  let live = start;
  for (let done = 0; done < steps; done += 1)
    live = perform(expected, live, planTables(expected, live).steps[0]!);
  return live;
}

const change = (live: LiveDatabase, table: string, more: object): LiveDatabase => ({
  ...live,
  tables: live.tables.map((each) => (each.table.name === table ? { ...each, ...more } : each)),
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'scaleout-plan-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('a plan in a file', () => {
  const file = (): string => path.join(directory, 'plan.json');
  const edited = (edit: (text: string) => string): (() => SealedPlan) => {
    writePlan(file(), seal());
    writeFileSync(file(), edit(readFileSync(file(), 'utf8')));
    return () => readPlan(file());
  };

  test('is read as it was written', () => {
    writePlan(file(), seal());
    expect(readPlan(file())).toEqual(JSON.parse(JSON.stringify(seal())));
  });

  test('may be laid out anew, since its content is the same', () => {
    expect(edited((text) => JSON.stringify(JSON.parse(text)))()).toEqual(JSON.parse(JSON.stringify(seal())));
  });

  test.each<[string, (text: string) => string]>([
    ['a statement', (text) => text.replace('CREATE UNIQUE INDEX CONCURRENTLY', 'CREATE UNIQUE INDEX')],
    ['the specification', (text) => text.replace('"shardCount": 32', '"shardCount": 64')],
    ['the snapshot', (text) => text.replace(/("owner": ")[0-9a-f]{4}/, '$1ffff')],
    ['a step that is gone', (text) => text.replace(/"steps": \[\s*\{[^}]*\},/, '"steps": [')],
    ['the digest', (text) => text.replace(/("digest": "sha256:)[0-9a-f]{4}/, '$1ffff')],
  ])('is refused where %s was edited', (_what, edit) => {
    const read = edited(edit);
    expect(readFileSync(file(), 'utf8')).not.toBe(`${JSON.stringify(seal(), undefined, 2)}\n`);
    expect(read).toThrow(/was edited since.*Nothing was changed/);
    expect(read).toThrow(expect.objectContaining({ exitCode: 3 }) as Error);
  });

  test.each<[string, (text: string) => string, RegExp]>([
    [
      'is of a later version',
      (text) => text.replace('"formatVersion": 1', '"formatVersion": 2'),
      /formatVersion 2, and this program reads 1/,
    ],
    ['is no plan', () => '{"formatVersion": 1}', /is not a plan that can be applied/],
    ['is no JSON', () => 'tables:', /is not a plan that can be applied/],
  ])('says so where it %s', (_what, edit, words) => {
    expect(edited(edit)).toThrow(words);
  });

  test('says so where it is missing, or cannot be written', () => {
    expect(() => readPlan(path.join(directory, 'none.json'))).toThrow(/cannot be read \(ENOENT\)/);
    expect(() => writePlan(path.join(directory, 'none', 'plan.json'), seal())).toThrow(/cannot be written/);
  });
});

describe('a reviewed plan', () => {
  const check = (live: LiveDatabase, reviewed = seal()): void =>
    requireReviewed(reviewed, planTables(expected, live), live);

  test('is applied to the database it was made for, with other rows, sizes and nodes', () => {
    check(start);
    const tables = start.tables.map((table) => ({ ...table, oid: 99, bytes: 7, rowEstimate: 1_000_000 }));
    check({ ...start, tables, nodes: start.nodes.map((node) => ({ ...node, port: 6432 })) });
  });

  test.each<[string, string, object, RegExp]>([
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
  ])('is refused once %s has changed', (_what, table, more, words) => {
    expect(() => check(change(start, table, more))).toThrow(words);
    expect(() => check(change(start, table, more))).toThrow(
      expect.objectContaining({ exitCode: 3 }) as Error,
    );
  });

  test('is refused once another table reaches into it', () => {
    const more = liveTable('late', { foreignKeys: [foreignKey('late', ['device_type_id'], 'device_types')] });
    expect(() => check({ ...start, tables: [...start.tables, more] })).toThrow(/table late is new/);
  });

  test('goes on from every step at which a run of it was broken off', () => {
    const { steps } = seal();
    for (let done = 1; done <= steps.length; done += 1) {
      const live = after(done);
      check(live);
      requireNothingBeyond(seal(), planTables(expected, live), 'nothing');
    }
  });

  test('does not go on where something changed that no step of it changes', () => {
    const live = change(after(3), 'events', { owner: 'bob' });
    expect(() => check(live)).toThrow(/owner of table events is different/);
  });

  test('does not go on where a foreign key went without being recorded', () => {
    const live = change(after(1), 'events', { foreignKeys: [] });
    expect(() => check(live)).toThrow(/foreign key events_device_id_fkey of table events is gone/);
  });

  test('does not go on to a step that it does not have', () => {
    const live = change(after(6), 'devices', { hasHeap: true });
    expect(() => requireNothingBeyond(seal(), planTables(expected, live), 'six steps are done')).toThrow(
      /truncate-local-copy:devices would be needed, which the plan does not have.*six steps are done/,
    );
  });
});
