import { allOf } from '../../../config/text/text';

/** `2 tables ...: a and b` for a plan and a check. Pure. @param names as messages name tables, one or more */
export function describeUnnamed(names: readonly string[]): string {
  const [what, verb] = names.length === 1 ? ['1 table', 'is'] : [`${String(names.length)} tables`, 'are'];
  return `${what} of the database ${verb} not named in the specification: ${allOf(names)}`;
}

/** What `--strict` adds to that, as sentences of their own. Pure. */
export function howToName([first = '']: readonly string[]): string {
  return (
    `--strict allows none. Name each in the specification, as in ${JSON.stringify(first)}: { local: true } for a table that stays on the coordinator, ` +
    'or run this without --strict'
  );
}
