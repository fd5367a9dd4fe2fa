/**
 * The privilege to act as another role, for `pg_has_role`. Since PostgreSQL 16 the one that made a role may give it to others, and become
 * it only once somebody has granted it so.
 */
export const BECOME = `CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END`;
