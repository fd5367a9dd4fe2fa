const GRANTS = (acl: string): string => `
       (SELECT string_agg(g.text, ', ' ORDER BY g.text COLLATE "C")
          FROM (SELECT format('%s %s %s', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, privilege_type, is_grantable)
                  FROM aclexplode(${acl})) g(text))`;

const ofExtension = (catalog: string, oid: string): string =>
  `EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;

/** Kinds of which it counts that an object of that name is there; whatever PostgreSQL made itself has a smaller oid. */
const NAMED = [
  'pg_am',
  'pg_cast',
  'pg_collation',
  'pg_conversion',
  'pg_foreign_data_wrapper',
  'pg_foreign_server',
  'pg_language',
  'pg_opclass',
  'pg_operator',
  'pg_opfamily',
  'pg_transform',
  'pg_ts_config',
  'pg_ts_dict',
  'pg_ts_parser',
  'pg_ts_template',
  'pg_user_mapping',
];

const FIRST_OID = 16384;

/** What more than one fact is read from. */
const SOURCES = `
WITH own AS (
  SELECT n.* FROM pg_namespace n
   WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'citus', 'citus_internal', 'columnar', 'columnar_internal', 'scaleout')
     AND NOT ${ofExtension('pg_namespace', 'n.oid')}
), functions AS (
  SELECT p.*, CASE p.prokind WHEN 'a' THEN 'aggregate ' WHEN 'p' THEN 'procedure ' ELSE 'function ' END || p.oid::regprocedure::text AS object
    FROM pg_proc p JOIN own ON own.oid = p.pronamespace WHERE NOT ${ofExtension('pg_proc', 'p.oid')}
), types AS (
  SELECT t.*, 'type ' || format_type(t.oid, NULL) AS object
    FROM pg_type t JOIN own ON own.oid = t.typnamespace
    LEFT JOIN pg_class c ON c.oid = t.typrelid
   WHERE NOT ${ofExtension('pg_type', 't.oid')} AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
), roles AS (
  SELECT r.*, 'role ' || r.rolname AS object FROM pg_roles r
   WHERE r.oid >= ${String(FIRST_OID)} AND r.rolname !~ '^(pg_|azure)' AND r.rolname <> 'pgbouncer'
), sequences AS (
  SELECT c.*, 'sequence ' || c.oid::regclass::text AS object
    FROM pg_class c JOIN own ON own.oid = c.relnamespace
   WHERE c.relkind = 'S' AND NOT ${ofExtension('pg_class', 'c.oid')}
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i'))
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.classid = 'pg_attrdef'::regclass)
), here AS (
  SELECT d.*, to_jsonb(d) AS every FROM pg_database d WHERE d.datname = current_database()
)`;

const SCHEMAS = `
SELECT 'schema ' || nspname AS object, 'owner' AS aspect, pg_get_userbyid(nspowner)::text AS definition FROM own
UNION ALL
SELECT 'schema ' || nspname, 'grants', ${GRANTS("coalesce(nspacl, acldefault('n', nspowner))")} FROM own
UNION ALL
SELECT 'schema ' || nspname, 'comment', obj_description(oid, 'pg_namespace') FROM own`;

const FUNCTIONS = `
SELECT object, 'definition', CASE WHEN prokind = 'a'
         THEN (SELECT concat_ws(' ', a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggtranstype::regtype, a.agginitval) FROM pg_aggregate a WHERE a.aggfnoid = functions.oid)
         ELSE pg_get_functiondef(oid) END FROM functions
UNION ALL
SELECT object, 'owner', pg_get_userbyid(proowner) FROM functions
UNION ALL
SELECT object, 'grants', ${GRANTS("coalesce(proacl, acldefault('f', proowner))")} FROM functions
UNION ALL
SELECT object, 'comment', obj_description(oid, 'pg_proc') FROM functions`;

const TYPES = `
SELECT object, 'definition', CASE typtype
         WHEN 'e' THEN (SELECT string_agg(enumlabel, ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = types.oid)
         WHEN 'd' THEN concat_ws(' ', format_type(typbasetype, typtypmod), CASE WHEN typnotnull THEN 'NOT NULL' END, typdefault,
                                 (SELECT string_agg(concat_ws(' ', conname, pg_get_constraintdef(con.oid)), ', ' ORDER BY conname)
                                    FROM pg_constraint con WHERE contypid = types.oid AND contype = 'c'))
         WHEN 'r' THEN (SELECT concat_ws(' ', rngsubtype::regtype, nullif(rngcollation, 0), nullif(rngcanonical, 0::regproc), nullif(rngsubdiff, 0::regproc))
                          FROM pg_range WHERE rngtypid = types.oid)
         ELSE (SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
                 FROM pg_attribute WHERE attrelid = typrelid AND attnum > 0 AND NOT attisdropped) END FROM types
UNION ALL
SELECT object, 'owner', pg_get_userbyid(typowner) FROM types
UNION ALL
SELECT object, 'grants', ${GRANTS("coalesce(typacl, acldefault('T', typowner))")} FROM types
UNION ALL
SELECT object, 'comment', obj_description(oid, 'pg_type') FROM types`;

const ROLES = `
SELECT object, 'attributes', concat_ws(', ', CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END, CASE WHEN rolsuper THEN 'SUPERUSER' END,
         CASE WHEN NOT rolinherit THEN 'NOINHERIT' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
         CASE WHEN rolreplication THEN 'REPLICATION' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
         'CONNECTION LIMIT ' || nullif(rolconnlimit, -1), 'VALID UNTIL ' || (rolvaliduntil AT TIME ZONE 'UTC')) FROM roles
UNION ALL
SELECT object, 'memberships', (SELECT string_agg(m.text, ', ' ORDER BY m.text COLLATE "C")
                                 FROM (SELECT pg_get_userbyid(roleid) || CASE WHEN admin_option THEN ' WITH ADMIN' ELSE '' END
                                         FROM pg_auth_members WHERE member = roles.oid) m(text)) FROM roles
UNION ALL
SELECT object, 'comment', shobj_description(oid, 'pg_authid') FROM roles
UNION ALL
SELECT coalesce('role ' || pg_get_userbyid(nullif(s.setrole, 0)), 'database'), 'setting ' || split_part(entry, '=', 1),
       substr(entry, strpos(entry, '=') + 1)
  FROM pg_db_role_setting s, unnest(s.setconfig) AS entry WHERE s.setdatabase = (SELECT oid FROM here) OR s.setdatabase = 0 AND s.setrole <> 0`;

const DATABASE = `
SELECT 'database', 'owner', pg_get_userbyid(datdba) FROM here
UNION ALL
SELECT 'database', 'grants', ${GRANTS("coalesce(datacl, acldefault('d', datdba))")} FROM here
UNION ALL
SELECT 'database', 'comment', shobj_description(oid, 'pg_database') FROM here
UNION ALL
SELECT 'database', 'connection limit', nullif(datconnlimit, -1)::text FROM here
UNION ALL
SELECT 'database', 'encoding', pg_encoding_to_char(encoding) FROM here
UNION ALL
SELECT 'database', 'collation', concat_ws(' ', datcollate, datctype, every ->> 'datlocprovider', every ->> 'daticulocale', every ->> 'datlocale') FROM here
UNION ALL
SELECT 'setting ' || name, 'value', CASE name WHEN 'TimeZone' THEN regexp_replace(reset_val, '^Etc/', '') ELSE reset_val END
  FROM pg_settings WHERE lower(name) = ANY ($1::text[])`;

const SEQUENCES = `
SELECT object, 'settings', concat_ws(' ', format_type(seqtypid, NULL), 'starts with', seqstart, 'by', seqincrement, 'cache', seqcache, 'cycle', seqcycle, seqmin, seqmax)
  FROM sequences JOIN pg_sequence ON seqrelid = oid
UNION ALL
SELECT object, 'position', CASE WHEN has_sequence_privilege(c.oid, 'SELECT, USAGE') THEN coalesce(p.last_value::text, 'not used yet') END
  FROM sequences c JOIN own n ON n.oid = c.relnamespace JOIN pg_sequences p ON p.schemaname = n.nspname AND p.sequencename = c.relname
UNION ALL
SELECT object, 'owner', pg_get_userbyid(relowner) FROM sequences
UNION ALL
SELECT object, 'grants', ${GRANTS("coalesce(relacl, acldefault('s', relowner))")} FROM sequences
UNION ALL
SELECT object, 'comment', obj_description(oid, 'pg_class') FROM sequences`;

const OTHERS = `
SELECT 'extension ' || extname, 'version', extversion FROM pg_extension WHERE extname !~ '^citus'
UNION ALL
SELECT 'extension ' || extname, 'schema', extnamespace::regnamespace::text FROM pg_extension WHERE extname !~ '^citus'
UNION ALL
SELECT 'publication ' || pubname, 'owner', pg_get_userbyid(pubowner) FROM pg_publication
UNION ALL
SELECT 'subscription ' || subname, 'definition', concat_ws(' ', subenabled, subpublications::text)
  FROM pg_subscription WHERE subdbid = (SELECT oid FROM here)
UNION ALL
SELECT 'event trigger ' || evtname, 'definition', concat_ws(' ', evtevent, evtfoid::regproc, evtenabled, evttags::text, pg_get_userbyid(evtowner))
  FROM pg_event_trigger t WHERE evtname !~ '^citus_' AND NOT ${ofExtension('pg_event_trigger', 't.oid')}
UNION ALL
SELECT concat_ws(' ', 'default privileges of', pg_get_userbyid(defaclrole), 'in schema ' || nullif(defaclnamespace, 0)::regnamespace), 'grants for ' || defaclobjtype::text,
       ${GRANTS('defaclacl')} FROM pg_default_acl
UNION ALL
SELECT 'foreign table ' || c.oid::regclass, 'definition', concat_ws(' ', s.srvname, f.ftoptions::text,
         (SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped))
  FROM pg_foreign_table f JOIN pg_class c ON c.oid = f.ftrelid JOIN pg_foreign_server s ON s.oid = f.ftserver
UNION ALL
SELECT 'foreign server ' || srvname, 'options', srvoptions::text FROM pg_foreign_server
UNION ALL
SELECT 'large objects', 'number', count(*)::text FROM pg_largeobject_metadata`;

/** @param postgres the major version */
function publications(postgres: number): string {
  const [columns, schemas] =
    postgres >= 15
      ? [
          ", prattrs::text, 'WHERE ' || pg_get_expr(prqual, prrelid)",
          ", (SELECT string_agg('schema ' || pnnspid::regnamespace, ', ' ORDER BY pnnspid::regnamespace::text) FROM pg_publication_namespace WHERE pnpubid = p.oid)",
        ]
      : ['', ''];
  return `
SELECT 'publication ' || pubname, 'definition', concat_ws(' ', CASE WHEN puballtables THEN 'ALL TABLES' END, CASE WHEN pubinsert THEN 'insert' END,
         CASE WHEN pubupdate THEN 'update' END, CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END,
         CASE WHEN pubviaroot THEN 'via root' END,
         (SELECT string_agg(concat_ws(' ', prrelid::regclass${columns}), ', ' ORDER BY prrelid::regclass::text COLLATE "C")
            FROM pg_publication_rel WHERE prpubid = p.oid)
         ${schemas})
  FROM pg_publication p`;
}

function named(catalog: string): string {
  const oids = catalog === 'pg_user_mapping' ? '(SELECT umid AS oid FROM pg_user_mappings)' : catalog;
  return `
SELECT i.type || ' ' || i.identity, 'existence', 'exists'
  FROM ${oids} o, pg_identify_object('${catalog}'::regclass, o.oid, 0) i
 WHERE o.oid >= ${String(FIRST_OID)} AND NOT ${ofExtension(catalog, 'o.oid')}`;
}

/**
 * What a database has beside tables and views, one row a fact: the object, what about it, and its definition. What belongs to an
 * extension goes with it. $1 names of settings.
 *
 * @param postgres the major version
 */
export function databaseObjects(postgres: number): string {
  const facts = [SCHEMAS, FUNCTIONS, TYPES, ROLES, DATABASE, SEQUENCES, OTHERS, publications(postgres)];
  return `${SOURCES}${[...facts, ...NAMED.map(named)].join('\nUNION ALL')}`;
}
