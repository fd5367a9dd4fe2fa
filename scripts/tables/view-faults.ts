import { allOf } from '../../config/wording';
import type { LiveTable } from './live';

/**
 * Where Citus makes a table anew, it makes the views that rest on it anew too, with their definitions, owners and options alone.
 *
 * @param why what Citus is asked to do, as the beginning of a sentence
 * @param orElse another way out, as the end of one
 */
export function viewFaults(
  { grantedViews }: Pick<LiveTable, 'grantedViews'>,
  why: string,
  orElse?: string,
): string[] {
  if (grantedViews.length === 0) return [];
  return [
    `${why}, which makes ${allOf(grantedViews)} anew without grants, comments, indexes and triggers: ` +
      `drop what rests on the table, and create it again afterwards with all of them${orElse === undefined ? '' : `, ${orElse}`}`,
  ];
}
