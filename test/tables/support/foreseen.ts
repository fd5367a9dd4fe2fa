import type { Distribution } from '../../../config/workload/distribution-types';
import type { LiveComment, LiveDatabase, LiveTable } from '../../../scripts/database/model/live';
import { showTable } from '../../../scripts/database/model/names';
import type { TablesStep } from '../../../scripts/database/model/step';
import { perform } from './model';

/**
 * Where the database after a step is not what the model makes of the database before it; empty where the two agree. Pure.
 */
export function unforeseen(
  expected: Distribution,
  before: LiveDatabase,
  step: TablesStep,
  after: LiveDatabase,
): string[] {
  let foreseen: LiveDatabase;
  try {
    foreseen = perform(expected, before, step);
  } catch (error) {
    return [`the model refuses it (${error instanceof Error ? error.message : String(error)})`];
  }
  const [model, real] = [picture(foreseen), picture(after)];
  return Object.keys(real).flatMap((subject) => {
    const [thought, is] = [model[subject], real[subject]];
    if (thought === undefined || is === undefined) return [];
    const [less, more] = [
      thought.filter((each) => !is.includes(each)),
      is.filter((each) => !thought.includes(each)),
    ];
    // The model does not know which tables are empty, and an empty one takes no room.
    if (less.length + more.length === 0 || less[0] === ROOM) return [];
    return [`${subject} is [${more.join(', ')}], and the model says [${less.join(', ')}]`];
  });
}

const ROOM = 'takes room';

/** What a step changes, as far as plans rest on it; what differs from database to database by chance is left out. */
function picture(live: LiveDatabase): Readonly<Record<string, readonly string[]>> {
  const tables = live.tables.flatMap((table): [string, string[]][] => {
    const name = showTable(table.table);
    return [
      [`kind of ${name}`, [kindOf(table, live)]],
      [`coordinator's part of ${name}`, table.hasHeap ? [ROOM] : []],
      [`comments of ${name}`, table.comments.map(showComment)],
      [
        `foreign keys of ${name}`,
        table.foreignKeys.map((key) => `${key.name}${key.validated ? '' : ' NOT VALID'}`),
      ],
    ];
  });
  const { recordTable, commentTable } = live.ownSchema;
  return {
    ...Object.fromEntries(tables),
    'dropped foreign keys': live.droppedForeignKeys.map(({ name }) => name),
    'recorded comments': live.recordedComments.map(
      ({ table, comment, missing }) =>
        `${showTable(table)} ${showComment(comment)}${missing ? ' missing' : ''}`,
    ),
    records: [...(recordTable ? ['of foreign keys'] : []), ...(commentTable ? ['of comments'] : [])],
  };
}

function showComment({ on, name }: LiveComment): string {
  return `${on} ${name}`.trim();
}

function kindOf({ citus }: LiveTable, live: LiveDatabase): string {
  if (citus.kind === 'local') return `local${citus.autoConverted ? ' by Citus' : ''}`;
  if (citus.kind === 'plain' || citus.kind === 'reference') return citus.kind;
  const group = live.tables
    .filter((each) => 'colocationId' in each.citus && each.citus.colocationId === citus.colocationId)
    .map(({ table }) => showTable(table))
    .sort();
  const how = citus.kind === 'schema' ? '' : ` by ${String(citus.column)} into ${String(citus.shardCount)}`;
  return `${citus.kind}${how} with ${group.join(', ')}`;
}
