const GRANTS = (acl: string): string => `
       (SELECT string_agg(format('%s %s %s', CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END, g.privilege_type, g.is_grantable),
                          ', ' ORDER BY g.grantee, g.privilege_type, g.is_grantable)
          FROM aclexplode(${acl}) g)`;

/**
 * All that views are beside what they answer with, one row a fact: the view as it was named, what the fact is about, and its
 * definition. Views: `$1::text[]`, each as SQL names it.
 */
export const VIEW_STATE = `
WITH views AS (
  SELECT name, c.oid AS view, c.relkind, c.relowner, c.relacl, c.reloptions, c.relispopulated, c.reltablespace, c.relam
    FROM unnest($1::text[]) AS name JOIN pg_class c ON c.oid = to_regclass(name)
)
SELECT name, 'kind' AS subject, CASE relkind WHEN 'm' THEN 'materialized' ELSE 'plain' END AS definition FROM views
UNION ALL
SELECT name, 'definition', pg_get_viewdef(view) FROM views
UNION ALL
SELECT name, 'owner', pg_get_userbyid(relowner) FROM views
UNION ALL
SELECT name, 'options', (SELECT string_agg(option, ' ' ORDER BY option) FROM unnest(reloptions) option) FROM views WHERE reloptions <> '{}'
UNION ALL
SELECT name, CASE WHEN relispopulated THEN 'contents' ELSE 'WITH NO DATA' END, 'populated' FROM views WHERE relkind = 'm'
UNION ALL
SELECT name, 'storage', concat_ws(' ', am.amname, ts.spcname)
  FROM views LEFT JOIN pg_am am ON am.oid = relam LEFT JOIN pg_tablespace ts ON ts.oid = reltablespace WHERE relkind = 'm'
UNION ALL
SELECT name, 'grants', ${GRANTS("coalesce(relacl, acldefault('r', relowner))")} FROM views
UNION ALL
SELECT name, 'grants on column ' || a.attname, ${GRANTS('a.attacl')}
  FROM views JOIN pg_attribute a ON a.attrelid = view AND a.attnum > 0 AND NOT a.attisdropped AND a.attacl <> '{}'
UNION ALL
SELECT name, 'settings of column ' || a.attname,
       concat_ws(' ', nullif(a.attstattarget, -1), nullif(a.attstorage, t.typstorage), nullif(a.attcompression, ''), o.options)
  FROM views JOIN pg_attribute a ON a.attrelid = view AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  CROSS JOIN LATERAL (SELECT string_agg(option, ' ' ORDER BY option) FROM unnest(a.attoptions) option WHERE option LIKE 'n_distinct%') o(options)
 WHERE relkind = 'm' AND (a.attstattarget <> -1 OR a.attstorage <> t.typstorage OR a.attcompression <> '' OR o.options IS NOT NULL)
UNION ALL
SELECT name, 'default of column ' || a.attname, pg_get_expr(d.adbin, d.adrelid)
  FROM views JOIN pg_attrdef d ON d.adrelid = view JOIN pg_attribute a ON a.attrelid = view AND a.attnum = d.adnum
UNION ALL
SELECT name, 'index ' || c.relname, concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered)
  FROM views JOIN pg_index i ON i.indrelid = view JOIN pg_class c ON c.oid = i.indexrelid
UNION ALL
SELECT name, 'settings of column ' || a.attnum || ' of index ' || c.relname, a.attstattarget::text
  FROM views JOIN pg_index i ON i.indrelid = view JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_attribute a ON a.attrelid = i.indexrelid AND a.attstattarget >= 0
UNION ALL
SELECT name, 'statistics ' || s.stxname, concat_ws(' ', pg_get_statisticsobjdef(s.oid), nullif(s.stxstattarget, -1)) FROM views JOIN pg_statistic_ext s ON s.stxrelid = view
UNION ALL
SELECT name, 'trigger ' || t.tgname, concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)
  FROM views JOIN pg_trigger t ON t.tgrelid = view AND NOT t.tgisinternal
UNION ALL
SELECT name, 'rule ' || r.rulename, concat_ws(' ', pg_get_ruledef(r.oid), r.ev_enabled)
  FROM views JOIN pg_rewrite r ON r.ev_class = view AND r.rulename <> '_RETURN'
UNION ALL
SELECT name, coalesce('comment on column ' || a.attname, 'comment'), d.description
  FROM views JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = view
  LEFT JOIN pg_attribute a ON a.attrelid = view AND a.attnum = d.objsubid AND d.objsubid > 0
UNION ALL
SELECT name, 'comment on index ' || c.relname, d.description
  FROM views JOIN pg_index i ON i.indrelid = view JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
UNION ALL
SELECT name, 'comment on trigger ' || t.tgname, d.description
  FROM views JOIN pg_trigger t ON t.tgrelid = view
  JOIN pg_description d ON d.classoid = 'pg_trigger'::regclass AND d.objoid = t.oid
UNION ALL
SELECT name, 'comment on rule ' || r.rulename, d.description
  FROM views JOIN pg_rewrite r ON r.ev_class = view
  JOIN pg_description d ON d.classoid = 'pg_rewrite'::regclass AND d.objoid = r.oid
UNION ALL
SELECT name, 'comment on statistics ' || s.stxname, d.description
  FROM views JOIN pg_statistic_ext s ON s.stxrelid = view
  JOIN pg_description d ON d.classoid = 'pg_statistic_ext'::regclass AND d.objoid = s.oid`;
