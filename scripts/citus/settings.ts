import { z } from 'zod';
import { ANSWERING_SETTINGS } from '../../config/azure/answering-settings';
import { groupBy } from '../lib/group-by';
import { nodeName } from './nodes';
import type { Node } from './nodes';

export const setting = z.object({
  name: z.string(),
  /** Whose sessions begin with it where a role has a setting of its own; null: those of this session's role. */
  role: z.string().nullable(),
  value: z.string(),
});

/** A setting with which sessions do not begin alike on all nodes. */
export interface SettingDifference {
  readonly name: string;
  /** Absent: sessions of this session's role. */
  readonly role?: string;
  /** By name of the node; null where the role has none of its own there. */
  readonly values: readonly { readonly node: string; readonly value: string | null }[];
}

const NAMES = ANSWERING_SETTINGS.map((name) => `'${name.toLowerCase()}'`).join(', ');
/** The {@link setting}s of a node, as JSON. */
export const SETTINGS = `
SELECT coalesce(json_agg(s), '[]')
  FROM (SELECT name, NULL AS role, reset_val AS value FROM pg_settings WHERE lower(name) IN (${NAMES})
        UNION ALL
        SELECT split_part(entry, '=', 1), pg_get_userbyid(setrole)::text, substr(entry, strpos(entry, '=') + 1)
          FROM pg_db_role_setting, unnest(setconfig) AS entry
         WHERE setrole <> 0 AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
           AND pg_get_userbyid(setrole) <> current_user AND lower(split_part(entry, '=', 1)) IN (${NAMES})) AS s`;

/** Settings that change answers and with which sessions on the nodes do not begin alike. Pure. */
export function settingDifferences(
  nodes: readonly Node[],
  answers: readonly { readonly nodeId: number; readonly settings: readonly z.infer<typeof setting>[] }[],
): SettingDifference[] {
  const asked = nodes.flatMap((node) => {
    const settings = answers.find(({ nodeId }) => nodeId === node.nodeId)?.settings;
    return settings === undefined ? [] : [{ node: nodeName(node), settings }];
  });
  const all = groupBy(
    asked.flatMap(({ settings }) => settings),
    ({ name, role }) => JSON.stringify([name.toLowerCase(), role]),
  );
  return [...all].flatMap(([key, [{ name, role }]]) => {
    const values = asked.map(({ node, settings }) => ({
      node,
      value:
        settings.find((each) => JSON.stringify([each.name.toLowerCase(), each.role]) === key)?.value ?? null,
    }));
    if (new Set(values.map(({ value }) => value)).size < 2) return [];
    return [{ name, ...(role === null ? {} : { role }), values }];
  });
}
