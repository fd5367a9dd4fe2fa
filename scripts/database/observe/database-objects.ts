import type { Client } from 'pg';
import { isServiceRole } from '../../../config/azure/database-roles';
import { ANSWERING_SETTINGS } from '../../../config/azure/answering-settings';
import { databaseObjects } from './database-objects.sql';
import type { Definitions } from './objects';

/** Settings that change answers, beside those that nodes of one cluster are likely to differ in. */
const SETTINGS = [
  ...ANSWERING_SETTINGS,
  'array_nulls',
  'session_replication_role',
  'standard_conforming_strings',
  'timezone_abbreviations',
  'transform_null_equals',
  'xmlbinary',
  'xmloption',
].map((name) => name.toLowerCase());

/**
 * What a database has beside tables and views: schemas, functions, types, roles, sequences that no column draws from, settings with which
 * this session began, extensions, publications and the like. Each as PostgreSQL defines it, under the object (`role app`) and what is
 * said of it. Roles of the service itself and what belongs to Citus are left out.
 *
 * @param postgres the major version
 */
export async function readDatabaseObjects(client: Client, postgres: number): Promise<Definitions> {
  const objects: Record<string, Record<string, string | null>> = {};
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    await client.query(
      `SELECT set_config('search_path', 'pg_catalog', true), set_config('jit', 'off', true)`,
    );
    const { rows } = await client.query<{ object: string; aspect: string; definition: string | null }>(
      databaseObjects(postgres),
      [SETTINGS],
    );
    for (const { object, aspect, definition } of rows) {
      const [, role] = /^role (.*)$/s.exec(object) ?? [];
      if (role === undefined || !isServiceRole(role)) (objects[object] ??= {})[aspect] = definition;
    }
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
  return objects;
}
