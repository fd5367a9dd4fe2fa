import type { Client } from 'pg';
import { z } from 'zod';

/**
 * Reads rows of Citus's catalogs and parses each.
 *
 * @throws ZodError where this Citus answers in another shape
 */
export async function readRows<Row>(
  client: Client,
  row: z.ZodType<Row>,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  return z.array(row).parse((await client.query(sql, [...values])).rows);
}
