import { ACTING_ROLE } from '../../citus/membership.sql';

/**
 * Privileges that a relation made anew has and the old one had not: what PostgreSQL and ALTER DEFAULT PRIVILEGES give a new one, to roles
 * and to its owner, without what was on the old one. An expression: the list of `privilege_type`, `role` as SQL writes it.
 *
 * @param relation alias of a row of `pg_class`
 * @param kind as `acldefault` and `pg_default_acl` call it: `r` for tables and views, `S` for sequences
 */
export function privilegesOnTop(relation: string, kind: 'r' | 'S'): string {
  const code = kind === 'S' ? 's' : 'r';
  return `(
  SELECT more.privilege_type, CASE more.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(more.grantee)) END AS role
    FROM (SELECT d.grantee, d.privilege_type FROM aclexplode(acldefault('${code}', ${relation}.relowner)) d
          UNION
          SELECT d.grantee, d.privilege_type
            FROM pg_default_acl a, aclexplode(a.defaclacl) d
           WHERE a.defaclobjtype = '${kind}' AND a.defaclnamespace IN (0, ${relation}.relnamespace)
             AND a.defaclrole IN (${relation}.relowner, (SELECT oid FROM pg_roles WHERE rolname = ${ACTING_ROLE}))
          EXCEPT
          SELECT o.grantee, o.privilege_type FROM aclexplode(coalesce(${relation}.relacl, acldefault('${code}', ${relation}.relowner))) o) AS more)`;
}
