import type { Client } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import { isCitusTable } from '../../citus/fragments.sql';

export interface Policy {
  readonly name: string;
  readonly permissive: boolean;
  /** `*` for all, or `r`, `a`, `w`, `d`, as `pg_policy.polcmd`. */
  readonly command: string;
  /** Sorted; `public` for everybody. */
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
}

/** Row-level security of a table, or of a shard, which has flags and policies of its own. */
export interface RowSecurity {
  readonly enabled: boolean;
  readonly forced: boolean;
  /** By name. */
  readonly policies: readonly Policy[];
}

/** What Citus knows as a table, with the row-level security that the coordinator says it has. */
export interface SecuredTable extends RowSecurity {
  readonly table: TableName;
  /** As `regclass` writes it in this session. */
  readonly regclass: string;
  /** Tables whose foreign keys lead to it, as `regclass` writes them. */
  readonly referencedBy: readonly string[];
  /** The table that it is a partition of; absent where it is none. */
  readonly partOf?: TableName;
}

/** Whether policies hide rows from the owner, as whom Citus copies shards. */
export function hidesFromOwner({ enabled, forced }: Pick<RowSecurity, 'enabled' | 'forced'>): boolean {
  return enabled && forced;
}

/** A {@link RowSecurity} as JSON. The text of expressions is the node's own. @param relation a row of `pg_class` */
export function rowSecurityJson(relation: string): string {
  return `jsonb_build_object(
    'enabled', ${relation}.relrowsecurity, 'forced', ${relation}.relforcerowsecurity,
    'policies', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'name', p.polname, 'permissive', p.polpermissive, 'command', p.polcmd,
                   'roles', (SELECT jsonb_agg(CASE WHEN r = 0 THEN 'public' ELSE pg_get_userbyid(r)::text END ORDER BY 1)
                               FROM unnest(p.polroles) r),
                   'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))
                   ORDER BY p.polname), '[]')
                   FROM pg_policy p WHERE p.polrelid = ${relation}.oid))`;
}

const SECURED_TABLES = `
SELECT n.nspname::text AS schema, c.relname::text AS name, c.oid::regclass::text AS regclass, ${rowSecurityJson('c')} AS security,
       ARRAY(SELECT DISTINCT k.conrelid::regclass::text FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid = c.oid) AS "referencedBy",
       (SELECT json_build_object('schema', rn.nspname, 'name', r.relname)
          FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace
         WHERE c.relispartition AND r.oid = pg_partition_root(c.oid)) AS "partOf"
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE ${isCitusTable('c.oid')}
   AND (c.relrowsecurity OR c.relforcerowsecurity OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
 ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/** The tables of Citus that have anything of row-level security, on the coordinator. */
export async function readSecuredTables(client: Client): Promise<SecuredTable[]> {
  const { rows } = await client.query<{
    schema: string;
    name: string;
    regclass: string;
    security: RowSecurity;
    referencedBy: string[];
    partOf: TableName | null;
  }>(SECURED_TABLES);
  return rows.map(({ schema, name, regclass, security, referencedBy, partOf }) => ({
    table: { schema, name },
    regclass,
    referencedBy,
    ...security,
    ...(partOf === null ? {} : { partOf }),
  }));
}
