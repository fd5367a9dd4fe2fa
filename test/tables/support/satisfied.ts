import type { TablesDifference } from '../../../scripts/tables/plan/diff';

/** Whether there is nothing to do at all. */
export function isSatisfied(difference: TablesDifference): boolean {
  const { keys, references, distribute, schemas, changes, drop, restore, commented } = difference;
  return (
    [keys, references, distribute, schemas, changes, drop, restore, commented, difference.localCopies].every(
      (list) => list.length === 0,
    ) && !difference.removeRecord
  );
}
