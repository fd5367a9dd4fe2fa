import type { LiveTable } from '../model/live';
import { showTable } from '../model/names';

/**
 * Where Citus makes a table anew, what CREATE RULE made stays with the old one, and is gone with it or hidden in a shard.
 *
 * @param why what Citus is asked to do, as the beginning of a sentence
 */
export function ruleFailures({ rules }: Pick<LiveTable, 'rules'>, why: string): string[] {
  return rules.map(
    ({ table, rule }) =>
      `${why}, which makes table ${showTable(table)} anew without its rule ${rule}: drop the rule, and create it again afterwards`,
  );
}
