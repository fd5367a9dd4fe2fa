import { ELASTIC_CLUSTER } from '../stack/azurerm';
import { RESOURCE_TYPES } from '../stack/resource-types';
import type { Json } from '../stack/synthesized';

/** Arguments of an elastic cluster that only grow: less of them replaces the server, and so does no value. */
const ELASTIC_GROWTH = ['storage_mb', 'size'];

/** @param path the argument's path within the resource, e.g. `name` or `tags.owner` */
export function forcesReplacement(
  type: string,
  path: string,
  before: Json | undefined,
  after: Json | undefined,
): boolean {
  const created = RESOURCE_TYPES.get(type)?.forceNew ?? [];
  const names = path.split('.');
  if (created.includes(names[0] ?? '')) return true;
  if (type !== ELASTIC_CLUSTER) return false;
  const argument = names.at(-1) ?? '';
  if (names[0] === 'cluster' && argument === 'default_database_name') return true;
  if (!ELASTIC_GROWTH.includes(argument)) return false;
  const isBlock = names[0] === 'cluster';
  // The block of the nodes comes or goes as a whole.
  if (isBlock && (before === undefined || after === undefined)) return true;
  return Number(after ?? 0) < Number(before ?? 0);
}
