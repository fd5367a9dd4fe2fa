import type { Client } from 'pg';
import type { Distribution } from '../../config/workload/distribution-types';

/** Foreign keys of each table. */
const KEYS = ['a', 'b', 'c'] as const;

const SCHEMA = 'wide';

/**
 * Statements that make a schema of many tables: each references three tables before it, the first one itself. Pure.
 *
 * @param tables how many; there are three times as many foreign keys
 */
export function wideSchemaSql(tables: number): string[] {
  const created = Array.from(
    { length: tables },
    (_, index) =>
      `CREATE TABLE ${SCHEMA}.t${String(index)} (tenant int, id int, a int, b int, c int, PRIMARY KEY (tenant, id))`,
  );
  const referenced = created.flatMap((_, index) =>
    KEYS.map((column, nth) => {
      const parent = index === 0 ? 0 : (index * (nth + 1) * 7919) % index;
      return `ALTER TABLE ${SCHEMA}.t${String(index)} ADD FOREIGN KEY (tenant, ${column}) REFERENCES ${SCHEMA}.t${String(parent)} (tenant, id)`;
    }),
  );
  return [`CREATE SCHEMA ${SCHEMA}`, ...created, ...referenced];
}

/** Statements sent at a time while the schema is made. */
const BATCH = 250;

/** Makes the schema of {@link wideSchemaSql}, with statistics. */
export async function createWideSchema(client: Client, tables: number): Promise<void> {
  const statements = wideSchemaSql(tables);
  for (let done = 0; done < statements.length; done += BATCH) {
    await client.query(statements.slice(done, done + BATCH).join(';'));
  }
  await client.query('ANALYZE');
}

/** All of its tables by tenant, in one colocation group. Pure. */
export function wideDistribution(tables: number): Distribution {
  const at = (index: number) => ({ schema: SCHEMA, name: `t${String(index)}` });
  return {
    shardCount: 32,
    online: false,
    tables: Array.from({ length: tables }, (_, index) => ({
      kind: 'distributed' as const,
      table: at(index),
      distributeBy: 'tenant',
      ...(index === 0 ? {} : { colocateWith: at(0) }),
    })),
  };
}
