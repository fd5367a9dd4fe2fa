import { allOf } from '../../../config/text/text';
import type { Check } from './check';
import type { ColocationGroup } from '../../citus/colocation';

/** Joins are local only where every range of a group is on one node. Pure. */
export function checkColocation(groups: readonly ColocationGroup[]): Check[] {
  return groups.map(({ id, tables, ranges, apart }) => ({
    id: `colocation:${String(id)}`,
    ok: apart === 0,
    detail:
      apart === 0
        ? `${allOf(tables)}: every shard range is on one node`
        : `${String(apart)} of ${String(ranges)} shard ranges of ${allOf(tables)} are on different nodes, so that joins on them fail: undistribute_table() the table that came last, and tables apply distributes it afresh`,
  }));
}
