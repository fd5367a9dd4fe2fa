import type { ConnectionTarget } from '../../../scripts/lib/connection';
import { query } from './sensors';

/** Makes every row of devices that is written from now on take 0.1 s, so that a copy of its 100 rows takes 10 s. */
export async function slowCopy(target: ConnectionTarget): Promise<void> {
  await query(
    target,
    `CREATE FUNCTION slowly(bigint) RETURNS boolean LANGUAGE plpgsql AS
       $$ BEGIN PERFORM pg_sleep(0.1); RETURN true; END $$`,
  );
  await query(target, 'ALTER TABLE devices ADD CONSTRAINT slowly CHECK (slowly(device_id)) NOT VALID');
}
