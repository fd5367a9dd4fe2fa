/**
 * The table: $1 schema, $2 name. Its hash function is that of the column's type ($3), as Citus looks it up: the default
 * hash operator class of the type under all domains; where it has none of its own, that of a type it is stored as, of
 * which the preferred one wins (varchar is hashed as text); arrays, enums and ranges have one for all of their kind.
 */
export const SOURCE = `
WITH RECURSIVE relation AS (
  SELECT c.oid, c.relkind, c.relispartition
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2
), base AS (
  SELECT a.attnum, a.atttypid AS type
    FROM relation JOIN pg_attribute a ON a.attrelid = relation.oid AND a.attname = $3 AND a.attnum > 0 AND NOT a.attisdropped
   UNION ALL
  SELECT base.attnum, t.typbasetype FROM base JOIN pg_type t ON t.oid = base.type AND t.typtype = 'd'
), stored AS (
  SELECT t.* , base.attnum FROM base JOIN pg_type t ON t.oid = base.type AND t.typtype <> 'd'
), hash AS (
  SELECT n.nspname::text AS schema, p.proname::text AS name, p.proargtypes[0] = o.opcintype AS takes
    FROM stored
    JOIN pg_opclass o ON o.opcdefault
     AND (o.opcintype = stored.oid
          OR o.opcintype = CASE WHEN stored.typtype = 'e' THEN 'anyenum'::regtype
                                WHEN stored.typtype = 'r' THEN 'anyrange'::regtype
                                WHEN stored.typtype = 'm' THEN to_regtype('anymultirange')
                                WHEN stored.typtype = 'c' THEN 'record'::regtype
                                WHEN stored.typelem <> 0 AND stored.typlen = -1 THEN 'anyarray'::regtype END
          OR EXISTS (SELECT FROM pg_cast x WHERE x.castsource = stored.oid AND x.casttarget = o.opcintype
                        AND x.castmethod = 'b' AND x.castcontext = 'i'))
    JOIN pg_am am ON am.oid = o.opcmethod AND am.amname = 'hash'
    JOIN pg_type input ON input.oid = o.opcintype
    JOIN pg_amproc m ON m.amprocfamily = o.opcfamily AND m.amproclefttype = o.opcintype
                    AND m.amprocrighttype = o.opcintype AND m.amprocnum = 1
    JOIN pg_proc p ON p.oid = m.amproc
    JOIN pg_namespace n ON n.oid = p.pronamespace
   ORDER BY o.opcintype = stored.oid DESC, input.typispreferred DESC
   LIMIT 1
)
SELECT relation.oid::int8::float8 AS oid, relation.relkind AS kind, relation.relispartition AS "isPartition",
       a.attname IS NOT NULL AS "hasColumn", format_type(a.atttypid, NULL) AS type,
       a.attnotnull AS "notNull", a.attgenerated <> '' AS generated,
       EXISTS (SELECT FROM pg_collation l WHERE l.oid = a.attcollation AND NOT l.collisdeterministic) AS "looseCollation",
       stored.oid = 'numeric'::regtype AND a.atttypmod >= 4
         AND (((a.atttypmod - 4) & 2047) # 1024) - 1024 < 0 AS "negativeScale",
       hash.schema AS "hashSchema", hash.name AS "hashName", hash.takes AS "hashTakesType"
  FROM relation
  LEFT JOIN stored ON true
  LEFT JOIN pg_attribute a ON a.attrelid = relation.oid AND a.attnum = stored.attnum
  LEFT JOIN hash ON true`;

/**
 * A column's type under all domains, without length, to cast to: $1 schema, $2 table, $3 column. With the types that a
 * comparison turns its values into without changing them: those under a domain, and text for varchar.
 */
export const TYPE_NAME = `
WITH RECURSIVE base AS (
  SELECT a.atttypid AS type
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3
   UNION ALL
  SELECT t.typbasetype FROM base JOIN pg_type t ON t.oid = base.type AND t.typtype = 'd'
)
SELECT format('%I.%I', n.nspname, t.typname) AS name,
       ARRAY(SELECT format_type(type, NULL) FROM base UNION SELECT 'text' FROM base WHERE type = 'varchar'::regtype) AS casts
  FROM base JOIN pg_type t ON t.oid = base.type AND t.typtype <> 'd' JOIN pg_namespace n ON n.oid = t.typnamespace`;

/** $1 the table's oid. What holds its rows: itself, or its partitions. Sizes in blocks, where they are not named bytes. */
export const LEAVES = `
WITH block AS (SELECT current_setting('block_size')::int AS size)
SELECT n.nspname::text AS schema, c.relname::text AS name, am.amname::text AS "accessMethod",
       (pg_relation_size(c.oid, 'main') / block.size)::float8 AS blocks,
       CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE pg_relation_size(c.reltoastrelid, 'main') END::float8 AS "toastBytes",
       CASE WHEN c.reltoastrelid <> 0
            THEN (pg_relation_size(c.reltoastrelid, 'main') + pg_indexes_size(c.reltoastrelid)) / block.size END::float8 AS "toastBlocks",
       ARRAY(SELECT a.attname::text FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns,
       -- Nobody has looked at the values before the first ANALYZE: short ones are the commonest in keys.
       (SELECT coalesce(json_object_agg(a.attname, CASE WHEN a.attlen > 0 THEN a.attlen ELSE coalesce(s.avg_width, 16) END), '{}')
          FROM pg_attribute a
          LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND NOT s.inherited
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS widths,
       (SELECT coalesce(json_agg(json_build_object(
                 'method', m.amname, 'blocks', pg_relation_size(x.oid, 'main') / block.size, 'isPrimary', i.indisprimary,
                 'fastUpdate', NOT coalesce(x.reloptions && ARRAY['fastupdate=off', 'fastupdate=false', 'fastupdate=0', 'fastupdate=no'], false),
                 'columns', ARRAY(SELECT a.attname FROM unnest(i.indkey::int[]) k JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k))), '[]')
          FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
         WHERE i.indrelid = c.oid) AS indexes
  FROM (SELECT $1::oid AS oid UNION SELECT relid FROM pg_partition_tree($1::oid::regclass) WHERE isleaf) part
  JOIN pg_class c ON c.oid = part.oid AND c.relkind IN ('r', 'm')
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_am am ON am.oid = c.relam
 CROSS JOIN block
 ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/** Ordinary and partitioned tables of a schema, for suggestions: $1 schema. */
export const TABLE_NAMES = `
SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1`;

/** Columns of a table, for suggestions: $1 its oid. */
export const COLUMN_NAMES = `
SELECT attname::text AS name FROM pg_attribute
 WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum`;

/** Bytes of a table that is copied whole: $1 schema, $2 name. Partitions included. */
export const WHOLE_BYTES = `
SELECT (SELECT sum(pg_total_relation_size(part.oid))
          FROM (SELECT c.oid UNION SELECT relid FROM pg_partition_tree(c.oid::regclass)) part (oid))::float8 AS bytes
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`;

/** Which table references which. */
export const REFERENCES = `
SELECT DISTINCT fn.nspname::text AS "fromSchema", f.relname::text AS "fromName", tn.nspname::text AS "toSchema", t.relname::text AS "toName"
  FROM pg_constraint k
  JOIN pg_class f ON f.oid = k.conrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
  JOIN pg_class t ON t.oid = k.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
 WHERE k.contype = 'f' AND k.conparentid = 0`;
