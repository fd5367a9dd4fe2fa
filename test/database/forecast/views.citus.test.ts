import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Distribution } from '../../../config/workload/distribution-types';
import type { ConnectionTarget } from '../../../scripts/lib/connection';
import { withClient } from '../../../scripts/lib/connection';
import { tablesApply, tablesVerify } from '../../../scripts/tables/commands';
import { inspectDatabase } from '../../../scripts/database/inspect/inspect';
import type { LiveDatabase } from '../../../scripts/database/model/live';
import { TargetState } from '../../../scripts/database/target/target-state';
import { materializedViewFailures, viewFindings } from '../../../scripts/database/checks/views';
import type { TestDatabase } from '../../support/citus';
import { citusSuite, freshCitusDatabase } from '../../support/citus';
import { distribution, named } from '../../tables/support/catalog';
import { query, testContext } from '../../tables/support/sensors';

jest.setTimeout(180_000);

const VIEWS = readFileSync(path.join(__dirname, 'views.sql'), 'utf8');

const table = (name: string): string =>
  `CREATE TABLE ${name} (k bigint NOT NULL, id bigint NOT NULL, e text, n int, d timestamptz DEFAULT now(), PRIMARY KEY (k, id));
   INSERT INTO ${name} SELECT g % 10, g, 'e' || g % 50, g % 20 FROM generate_series(1, 200) g;`;

const SCHEMA = `
SET client_min_messages TO error;
${['a', 'b', 'c', 'd', 'ref', 'loc'].map(table).join('\n')}
CREATE TABLE part (k bigint NOT NULL, id bigint NOT NULL, e text, n int) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (1000);
CREATE MATERIALIZED VIEW mv AS SELECT * FROM loc;
${VIEWS}
ANALYZE`;

const byKey = (name: string, beside?: string): Distribution['tables'][number] => ({
  kind: 'distributed',
  table: named(name),
  distributeBy: 'k',
  ...(beside === undefined ? {} : { colocateWith: named(beside) }),
});

const EXPECTED = distribution({
  online: false,
  tables: [
    { kind: 'reference', table: named('ref') },
    byKey('a'),
    byKey('b', 'a'),
    byKey('c', 'a'),
    byKey('part', 'a'),
    byKey('d'),
    { kind: 'local', table: named('loc') },
  ],
});

/** The names that a plan would give, of plain views and as if all of them were materialized. */
function foreseen(live: LiveDatabase): { readonly plain: string[]; readonly materialized: string[] } {
  const views = live.views.map((view) => ({ ...view, kind: 'materialized' as const }));
  return {
    plain: viewFindings(new TargetState(EXPECTED, live)).map(({ id }) => id.replace('view-will-fail:', '')),
    materialized: materializedViewFailures(new TargetState(EXPECTED, { ...live, views })).map(
      (fault) => /^materialized view (\S+) /.exec(fault)?.[1] ?? fault,
    ),
  };
}

const look = (target: ConnectionTarget): Promise<LiveDatabase> =>
  withClient(target, (client) => inspectDatabase(client, EXPECTED));

citusSuite('views over tables that become distributed', { workers: 0 }, () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
  });
  afterAll(async () => {
    await database.drop();
  });

  it('fail where it was foreseen, and nowhere else', async () => {
    const { target } = database;
    await query(target, SCHEMA);
    const before = await look(target);
    const named = foreseen(before);
    expect(before.views.length).toBeGreaterThan(300);

    await tablesApply(testContext(), {
      target,
      expected: { ...EXPECTED, allow: named.plain.map((name) => ({ id: `view-will-fail:${name}` })) },
      compareRows: false,
    });
    const { document } = await tablesVerify(testContext(), { target, expected: EXPECTED });
    const failing = document.checks.filter(({ id, ok }) => id.startsWith('view:') && !ok);
    expect(named.plain.sort()).toEqual(failing.map(({ id }) => id.replace('view:', '')).sort());
    expect(failing.length).toBeGreaterThan(60);

    const refused = await withClient(target, async (client) => {
      const names: string[] = [];
      for (const { view, definition } of before.views) {
        await client.query(`EXPLAIN ${definition}`).catch(() => names.push(view.name));
      }
      return names;
    });
    expect(named.materialized.sort()).toEqual(refused.sort());
    // What fails by now is no news.
    expect(foreseen(await look(target))).toEqual({ plain: [], materialized: [] });
  });
});
