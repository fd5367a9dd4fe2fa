/**
 * The privilege to act as another role, for `pg_has_role`. Since PostgreSQL 16 the one that made a role may give it to others, and become
 * it only once somebody has granted it so.
 */
export const BECOME = `CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END`;

/** The setting that names the role a reader plans for; empty where a session plans for itself. */
export const ACTING_ROLE_SETTING = 'scaleout.acting_role';

/** The role that a look at the database is for, an expression of type `name`: {@link ACTING_ROLE_SETTING}, or the session's own. */
export const ACTING_ROLE = `coalesce(nullif(current_setting('${ACTING_ROLE_SETTING}', true), ''), current_user)::name`;
