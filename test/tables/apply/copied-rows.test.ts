import type { Client } from 'pg';
import { CopiedRows, copyMeasure } from '../../../scripts/tables/apply/copied-rows';
import type { TablesStep } from '../../../scripts/database/model/step';
import { DATABASE_BYTES, TABLE_BYTES } from '../../../scripts/citus/sizes.sql';
import { named } from '../support/catalog';

describe('rows that arrive in shards', () => {
  const copy = (node: number, name: string, rows: number): Parameters<CopiedRows['see']>[0][number] => ({
    node,
    copy: name,
    rows,
  });

  test('count on once their copy has ended, partition after partition', () => {
    const copied = new CopiedRows();
    const after = (...copying: Parameters<CopiedRows['see']>[0]): number => {
      copied.see(copying);
      return copied.total();
    };
    expect(after()).toBe(0);
    expect(after(copy(1, '77 early', 40))).toBe(40);
    expect(after(copy(1, '77 early', 60), copy(2, '77 early', 5))).toBe(65);
    // The first partition is done, and the next begins.
    expect(after(copy(1, '77 late', 7))).toBe(72);
    expect(after()).toBe(72);
  });

  test('count once where every node receives all of them', () => {
    const copied = new CopiedRows();
    expect(copied.furthest()).toBe(0);
    copied.see([copy(1, '77 t', 40), copy(2, '8 t', 60), copy(3, '9 t', 50)]);
    expect(copied.furthest()).toBe(60);
    expect(copied.total()).toBe(150);
  });
});

describe('rows that go back', () => {
  const step: TablesStep = {
    id: 'undistribute:t',
    table: 't',
    target: { kind: 'table', ...named('t') },
    action: 'undistribute',
    sql: [],
    comment: '',
    blocksWrites: true,
    reversible: true,
    transaction: true,
    rows: 100,
  };
  /** A database whose sizes are these, one after the other. */
  const database = (table: number, sizes: number[]): Client =>
    ({
      query: (sql: string) => {
        const bytes = sql === TABLE_BYTES ? table : sql === DATABASE_BYTES ? sizes.shift() : undefined;
        return Promise.resolve({ rows: bytes === undefined ? [] : [{ bytes }] });
      },
    }) as unknown as Client;

  const measure = (client: Client): ReturnType<typeof copyMeasure> =>
    copyMeasure(client, step, { pid: 7, tables: [named('t')] });

  test('are estimated by what the database grows, up to what the table takes', async () => {
    const client = database(1_000, [50_000, 50_000, 50_250, 49_000, 53_000]);
    const { unit, total, count } = await measure(client);
    expect({ unit, total }).toEqual({ unit: 'bytes', total: 1_000 });
    const counts = [];
    for (let looks = 0; looks < 4; looks += 1) counts.push(await count?.(client));
    expect(counts).toEqual([0, 250, 0, 1_000]);
  });

  test('are not, where somebody locks the table', async () => {
    const locked = { query: () => Promise.reject(new Error('locked')) } as unknown as Client;
    expect(await measure(locked)).toEqual({ unit: 'rows', total: 100 });
  });
});
