import type { ConnectionTarget } from '../../../scripts/lib/connection';
import { query } from './sensors';

/** Makes every row of devices that is written from now on take 0.1 s, so that a copy of its 100 rows takes 10 s. */
export async function slowCopy(target: ConnectionTarget): Promise<void> {
  const slowly = (body: string): string =>
    `CREATE OR REPLACE FUNCTION slowly(bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN true; END $$`;
  await query(target, slowly(''));
  // Validated, since a copy leaves out what is NOT VALID until it is over; so it has to be quick until then.
  await query(target, 'ALTER TABLE devices ADD CONSTRAINT slowly CHECK (slowly(device_id))');
  await query(target, slowly('PERFORM pg_sleep(0.1);'));
}
