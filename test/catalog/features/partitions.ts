import { partitionsOf } from '../partitions';
import type { Feature } from '../feature';
import { isPartitioned, READER } from '../feature';
import type { DrawnTable } from '../case';

const hasPartitions = (table: DrawnTable): boolean => isPartitioned(table) && table.partitions !== 'empty';

/** What a partition has that its table has not. */
export const PARTITIONS: readonly Feature[] = [
  {
    name: 'index of one partition',
    weight: 2,
    fits: hasPartitions,
    make: ({ name, drawn }) => ({
      after: [`CREATE INDEX ${name('own')} ON ${first(drawn)} (n) WHERE n > 1`],
    }),
  },
  {
    name: 'options of one partition',
    weight: 2,
    fits: hasPartitions,
    make: ({ drawn }, chance) => ({
      after: [
        `ALTER TABLE ${first(drawn)} SET (fillfactor = 55)`,
        `ALTER TABLE ${first(drawn)} ALTER COLUMN n SET STATISTICS 17`,
        ...(chance.is(0.5) ? [`ALTER TABLE ${first(drawn)} ALTER COLUMN n SET DEFAULT 5`] : []),
      ],
    }),
  },
  {
    name: 'comments and grants of one partition',
    weight: 2,
    fits: hasPartitions,
    make: ({ drawn }) => ({
      after: [
        `COMMENT ON TABLE ${first(drawn)} IS 'a part'`,
        `COMMENT ON COLUMN ${first(drawn)}.n IS 'of a part'`,
        `GRANT SELECT ON ${first(drawn)} TO ${READER}`,
      ],
    }),
  },
  {
    name: 'check of one partition',
    weight: 1,
    fits: hasPartitions,
    make: ({ name, drawn }) => ({
      after: [`ALTER TABLE ${first(drawn)} ADD CONSTRAINT ${name('own check')} CHECK (id > -5)`],
    }),
  },
];

function first(drawn: DrawnTable): string {
  return partitionsOf(drawn)[0]?.sql ?? '';
}
