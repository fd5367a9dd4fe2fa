import { allOf, someOf } from '../../../config/text/text';
import { showTable } from '../model/names';
import type { TargetState } from '../target/target-state';
import { finding } from './findings';
import type { Finding } from './findings';

/** Nodes that a message names. */
const NAMED = 8;

/** What a session that plans for another role could not look at, each by its name. Pure. */
export function readerFindings({ live, expected }: TargetState): Finding[] {
  const { reader, role } = live;
  if (reader === undefined) return [];
  const unread = expected.tables.flatMap((wanted) => {
    if (wanted.kind !== 'distributed') return [];
    const found = live.tables.find(
      ({ table }) => table.schema === wanted.table.schema && table.name === wanted.table.name,
    );
    const needed = [wanted.distributeBy, ...(wanted.primaryKey ?? [])];
    const columns = (found?.columns ?? [])
      .filter(({ name, notNull, holdsNull }) => needed.includes(name) && !notNull && holdsNull === undefined)
      .map(({ name }) => name);
    return found === undefined || found.citus.kind === 'distributed' || columns.length === 0
      ? []
      : [{ table: showTable(wanted.table), columns }];
  });
  return [
    finding(
      'planned-for',
      role,
      `this session is ${reader.role}, which may look and not change the tables. The plan is that of ${role}, who has the rights of their owners: run \`tables apply\` as ${role}`,
      'none',
    ),
    ...unread.map(({ table, columns }) =>
      finding(
        'nulls-unknown',
        table,
        `whether ${allOf(columns)} of ${table} ${columns.length === 1 ? 'holds' : 'hold'} NULL is not known: ${reader.role} may not read the rows, or policies hide some. ` +
          `A NULL stops the run before it changes that table: plan as ${role}, or GRANT SELECT, to know before`,
        'none',
      ),
    ),
    ...(reader.silentNodes.length === 0
      ? []
      : [
          finding(
            'nodes-unknown',
            reader.role,
            `settings, roles and replication of ${someOf(reader.silentNodes, NAMED)} are not known: Citus does not reach ${reader.silentNodes.length === 1 ? 'it' : 'them'} as ${reader.role}. ` +
              `\`tables apply\` looks at them as ${role} before its first step`,
            'none',
          ),
        ]),
  ];
}
