import { BECOME } from '../../citus/membership.sql';
import { READING } from './family.sql';

/**
 * Roles that may not log in, have rights on tables or on views over them, and ask in their own name: a member that does not inherit
 * their rights asks after SET ROLE, and their SECURITY DEFINER functions ask as they do. One row each by the table's oid.
 */
export const SET_ROLES = `
WITH ${READING}, granted(oid, role) AS (
  SELECT r.oid, a.grantee FROM reading r JOIN pg_class c ON c.oid = r.relation, aclexplode(c.relacl) a
  UNION
  SELECT r.oid, a.grantee FROM reading r JOIN pg_attribute c ON c.attrelid = r.relation, aclexplode(c.attacl) a
)
SELECT g.oid::int8::float8 AS oid, r.rolname::text AS role
  FROM granted g JOIN pg_roles r ON r.oid = g.role AND NOT r.rolcanlogin
 WHERE EXISTS (SELECT FROM pg_roles m
                WHERE m.rolcanlogin AND NOT m.rolsuper AND pg_has_role(m.oid, r.oid, ${BECOME}) AND NOT pg_has_role(m.oid, r.oid, 'USAGE'))
    OR EXISTS (SELECT FROM pg_proc p
                WHERE p.proowner = r.oid AND p.prosecdef AND p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace))
 ORDER BY r.rolname COLLATE "C"`;
