import type { Client } from 'pg';
import { oneOf } from '../../../config/text/text';
import { ScaleoutError } from '../../lib/errors';

/** How the application of a workload writes: one row more, of somebody who is there. */
export interface WorkloadWrites {
  /** Whose rows they are. */
  readonly keys: readonly string[];
  /** $1 the id of the row, $2 one of the keys. */
  readonly insert: string;
  /** $1 and $2 the first and the last id; gives those that are there as `id`. */
  readonly found: string;
}

interface Shape {
  readonly keysOf: string;
  readonly insert: string;
  readonly table: string;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  sensors: {
    keysOf: 'SELECT device_id::text AS key FROM devices LIMIT 10000',
    insert: `INSERT INTO events (event_id, device_id, payload) VALUES ($1, $2, '{"measurement": "load"}')`,
    table: 'events',
  },
  payments: {
    keysOf: 'SELECT user_id::text AS key FROM payment_users LIMIT 10000',
    insert: `
INSERT INTO payment_events (event_id, event_type, user_id, merchant_id, event_details)
VALUES ($1, (SELECT min(event_type) FROM event_types), $2, (SELECT min(merchant_id) FROM payment_merchants), '{}')`,
    table: 'payment_events',
  },
};

/** @throws ScaleoutError for a workload that nobody has taught to write, and one that holds no rows yet */
export async function readWorkloadWrites(client: Client, workload: string): Promise<WorkloadWrites> {
  const shape = SHAPES[workload];
  if (shape === undefined) {
    throw new ScaleoutError(
      'input.invalid',
      `no load is known for the workload "${workload}": choose ${oneOf(Object.keys(SHAPES))}`,
    );
  }
  const { rows } = await client.query<{ key: string }>(shape.keysOf);
  if (rows.length === 0) {
    throw new ScaleoutError(
      'input.invalid',
      `the tables of ${workload} hold no rows, so that there is nobody to write for: load them first, as "local up" does`,
    );
  }
  return {
    keys: rows.map(({ key }) => key),
    insert: shape.insert,
    found: `SELECT event_id::text AS id FROM ${shape.table} WHERE event_id BETWEEN $1 AND $2`,
  };
}
