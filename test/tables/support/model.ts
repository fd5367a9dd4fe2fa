import type { Distribution, TableName } from '../../../config/workload/distribution-types';
import { actsOn } from '../../../scripts/database/model/step';
import { stepKind } from '../../../scripts/database/model/step-kinds';
import { foreignKeyId } from '../../../scripts/database/target/foreign-keys';
import type {
  DroppedForeignKey,
  LiveComment,
  LiveDatabase,
  LiveForeignKey,
  LiveTable,
} from '../../../scripts/database/model/live';
import {
  keyIndexName,
  notNullCheckName,
  sameTable,
  showTable,
  sqlTable,
  sqlTableArgument,
} from '../../../scripts/database/model/names';
import type { TablesStep } from '../../../scripts/database/model/step';
import { distributed, inSchema, key as keyOf, reference } from './catalog';

/**
 * What a step does to a database, on literal catalogs: a model of PostgreSQL and Citus that is as strict as they are
 * where a plan could go wrong. Throws where they would refuse.
 */
export function perform(expected: Distribution, live: LiveDatabase, step: TablesStep): LiveDatabase {
  requireWindow(live, step);
  const after = performed(expected, live, step);
  requireCarried(live, after, step);
  return after;
}

/** Citus leaves out what forced policies hide, without an error; and FORCE is off for one copy alone. */
function requireWindow(live: LiveDatabase, step: TablesStep): void {
  const subject = ({ table }: LiveTable): boolean => actsOn(step, table);
  const copies = stepKind(step).copies !== undefined;
  for (const table of live.tables) {
    const states = table.forced.map(({ state }) => state);
    if (copies && subject(table) && states.includes('on'))
      throw new Error(`would lose rows of ${showTable(table.table)}`);
    const closes = step.action === 'restore-forced-policy' || copies;
    if (states.includes('lifted') && !(closes && subject(table)))
      throw new Error(`${step.id} runs while FORCE of ${showTable(table.table)} is off`);
  }
}

/** A table that was made anew begins its identity columns again and empties its materialized views, unless the step sees to it. */
function requireCarried(before: LiveDatabase, after: LiveDatabase, step: TablesStep): void {
  const sql = step.sql.join(';');
  for (const table of after.tables) {
    const was = before.tables.find((each) => sameTable(each.table, table.table));
    if (was?.citus.kind !== 'plain') continue;
    const online = step.action === 'distribute' && sql.includes('_concurrently');
    if (table.citus.kind !== 'local' && !(online && table.citus.kind === 'distributed')) continue;
    for (const { column } of table.identities)
      if (!sql.includes(`setval(pg_get_serial_sequence(${sqlTableArgument(table.table)}, '${column}')`))
        throw new Error(`${step.id} loses the position of ${showTable(table.table)}.${column}`);
    for (const { view, tables, kind } of before.views)
      if (
        kind === 'materialized' &&
        tables.some((each) => sameTable(each, table.table)) &&
        !sql.includes(`REFRESH MATERIALIZED VIEW ${sqlTable(view)}`)
      )
        throw new Error(`${step.id} empties ${showTable(view)}`);
  }
}

function performed(expected: Distribution, live: LiveDatabase, step: TablesStep): LiveDatabase {
  const part = (step.target.kind === 'table' && (step.target.column ?? step.target.foreignKey)) || '';
  const on = (change: (table: LiveTable) => LiveTable): LiveDatabase => ({
    ...live,
    tables: live.tables.map((table) => (showTable(table.table) === step.table ? change(table) : table)),
  });
  const wanted = expected.tables.find((table) => showTable(table.table) === step.table);
  const recorded = (): DroppedForeignKey => {
    const key = live.droppedForeignKeys.find(
      (each) => each.name === part && showTable(each.table) === step.table,
    );
    if (key === undefined) throw new Error(`${part} is not recorded`);
    return key;
  };
  const without = (key: LiveForeignKey): DroppedForeignKey[] =>
    live.droppedForeignKeys.filter((each) => foreignKeyId(each) !== foreignKeyId(key));
  switch (step.action) {
    case 'drop-leftover-index':
      return on((table) => ({
        ...table,
        keys: table.keys.filter((key) => key.name !== keyIndexName(table.table)),
      }));
    case 'add-not-null-check':
      return on((table) => ({ ...table, ownChecks: [{ name: notNullCheckName(part), validated: false }] }));
    case 'validate-not-null-check':
      return on((table) => ({ ...table, ownChecks: [{ name: notNullCheckName(part), validated: true }] }));
    case 'set-not-null':
      return on((table) => ({
        ...table,
        ownChecks: [],
        columns: table.columns.map((column) =>
          column.name === part ? { ...column, notNull: true } : column,
        ),
      }));
    case 'build-key-index':
      return on((table) => {
        if (wanted?.kind !== 'distributed') throw new Error('no key wanted');
        if (table.keys.some((key) => key.name === keyIndexName(table.table))) throw new Error('index exists');
        const columns = wanted.primaryKey ?? [];
        return {
          ...table,
          keys: [
            ...table.keys,
            keyOf(keyIndexName(table.table), 'index', columns, {
              include: table.keys.find((each) => each.kind === 'primary')?.include ?? [],
            }),
          ],
        };
      });
    case 'replace-primary-key':
      return on((table) => {
        const index = table.keys.find((key) => key.name === keyIndexName(table.table) && key.valid);
        const old = table.keys.find((key) => key.kind === 'primary');
        if (index === undefined) throw new Error('no index to use');
        if ((old?.dependents ?? []).length > 0) throw new Error('objects rest on the primary key');
        if (
          index.columns.some((name) => table.columns.find((column) => column.name === name)?.notNull !== true)
        ) {
          throw new Error('would scan for NULLs under an exclusive lock');
        }
        const uses = live.tables
          .flatMap((each) => each.foreignKeys)
          .filter((key) => sameName(key.references, table));
        if (uses.some((key) => key.usesKey === old?.name))
          throw new Error('a foreign key rests on the primary key');
        const name = old?.name ?? `${table.table.name}_pkey`;
        return {
          ...table,
          keys: [
            ...table.keys.filter((key) => key !== index && key !== old),
            keyOf(name, 'primary', index.columns, {
              identifiesRows: step.sql.some((sql) => sql.includes('REPLICA IDENTITY')),
            }),
          ],
        };
      });
    case 'drop-foreign-key': {
      const key = live.tables
        .flatMap((table) => table.foreignKeys)
        .find((each) => each.name === part && showTable(each.table) === step.table);
      if (key === undefined) throw new Error(`no foreign key ${part}`);
      const pinned = missing(pin(live, step), key, false);
      const dropped = {
        ...pinned,
        tables: pinned.tables.map((table) =>
          showTable(table.table) === step.table
            ? {
                ...table,
                foreignKeys: table.foreignKeys.filter((each) => each.name !== part),
                comments: table.comments.filter(
                  ({ on: subject, name }) => subject !== 'constraint' || name !== part,
                ),
              }
            : table,
        ),
        droppedForeignKeys: [...live.droppedForeignKeys, key],
        ownSchema: { ...live.ownSchema, exists: true, recordTable: true },
      };
      for (const table of dropped.tables) {
        if (table.citus.kind !== 'local' || !table.citus.autoConverted) continue;
        if (!reaches(dropped, table, ({ citus }) => citus.kind === 'reference'))
          throw new Error(`would copy ${showTable(table.table)} back under a lock`);
      }
      return dropped;
    }
    case 'convert-to-citus-local':
      return forgetComments(
        on((table) => {
          if (table.citus.kind !== 'plain') throw new Error('is in the metadata already');
          if (table.foreignKeys.length > 0 || incoming(live, step.table).length > 0)
            throw new Error('relation is involved in a foreign key relationship with another table');
          return { ...turnedLocal(table), citus: { kind: 'local', autoConverted: false } };
        }),
        (table) => showTable(table.table) === step.table,
      );
    case 'lift-forced-policy':
    case 'restore-forced-policy': {
      const [from, to] =
        step.action === 'lift-forced-policy' ? (['on', 'lifted'] as const) : (['lifted', 'on'] as const);
      return on((table) => ({
        ...table,
        forced: table.forced.map((each) => {
          if (each.state !== from) throw new Error(`FORCE is ${each.state}`);
          return { ...each, state: to };
        }),
      }));
    }
    case 'create-reference-table':
      for (const key of incoming(live, step.table)) {
        if (tableOf(live, key).citus.kind === 'distributed')
          throw new Error('a distributed table references a plain one');
      }
      return forgetComments(
        {
          ...live,
          tables: live.tables.map((table) => {
            if (showTable(table.table) === step.table) return { ...table, citus: reference };
            return table.citus.kind === 'plain' &&
              reaches(live, table, (each) => showTable(each.table) === step.table)
              ? turnedLocal(table)
              : table;
          }),
        },
        (table) => {
          const before = find(live, showTable(table.table)).citus.kind;
          return before === 'plain' && before !== table.citus.kind;
        },
        // What becomes a reference table stays the relation it is; the foreign keys of a plain one are made anew.
        (table, comment) => showTable(table.table) !== step.table || isOnForeignKey(table, comment),
      );
    case 'distribute': {
      const online = step.sql.some((sql) => sql.includes('_concurrently'));
      const distributedNow = on((table) => {
        if (wanted?.kind !== 'distributed') throw new Error('not to be distributed');
        if (table.citus.kind === 'distributed') throw new Error('distributed already');
        const outgoing = table.foreignKeys.filter((key) => !sameName(key.references, table));
        for (const key of outgoing) {
          if (!['reference', 'distributed'].includes(referenced(live, key).citus.kind)) {
            throw new Error(`referenced table ${key.references.name} must be distributed or reference`);
          }
        }
        for (const key of incoming(live, step.table)) {
          if (!sameName(key.table, table)) throw new Error(`is referenced by ${key.table.name}`);
        }
        if (online && table.replicaIdentity === 'index' && !table.keys.some((key) => key.identifiesRows))
          throw new Error('updates would fail');
        if (online && table.foreignKeys.length > outgoing.length) throw new Error('references itself');
        if (table.keys.some((key) => !key.columns.includes(wanted.distributeBy)))
          throw new Error('key without column');
        const root = rootOf(expected, live, step.table);
        const first = live.tables.find((each) => showTable(each.table) === root);
        if (root !== step.table && first?.citus.kind !== 'distributed')
          throw new Error('nothing to colocate with');
        const group = first?.citus.kind === 'distributed' ? first.citus.colocationId : newGroup(live);
        return {
          ...table,
          citus: distributed(
            wanted.distributeBy,
            group,
            first?.citus.kind === 'distributed' ? first.citus.shardCount : expected.shardCount,
          ),
          // Citus brings a local table back first, where writes wait.
          hasHeap: !online && (table.hasHeap || table.citus.kind === 'local'),
        };
      });
      return forgetComments(
        distributedNow,
        (table) =>
          showTable(table.table) === step.table &&
          find(live, showTable(table.table)).citus.kind === (online ? 'plain' : 'local'),
      );
    }
    case 'distribute-schema': {
      const group = newGroup(live);
      const within = (table: LiveTable): boolean => table.table.schema === step.table;
      for (const table of live.tables.filter(within)) {
        if (table.citus.kind !== 'plain' && table.citus.kind !== 'local')
          throw new Error('distributed schema cannot have distributed tables');
      }
      for (const key of live.tables.flatMap((each) => each.foreignKeys)) {
        const [from, to] = [tableOf(live, key), referenced(live, key)];
        if (within(to) && !within(from)) throw new Error('is referenced from another schema');
        if (within(from) && !within(to) && to.citus.kind !== 'reference')
          throw new Error('can only point to the same schema or reference tables');
      }
      return forgetComments(
        {
          ...live,
          schemas: live.schemas.map((each) =>
            each.schema === step.table ? { ...each, colocationId: group } : each,
          ),
          tables: live.tables.map((table) => (within(table) ? { ...table, citus: inSchema(group) } : table)),
        },
        within,
        // The tables stay what they are; their foreign keys are made anew.
        isOnForeignKey,
      );
    }
    case 'undistribute-schema': {
      const within = (table: LiveTable): boolean => table.table.schema === step.table;
      if (live.tables.some((table) => within(table) && table.identities.length > 0))
        throw new Error('cannot complete operation on a table with identity column');
      return forgetComments(
        {
          ...live,
          schemas: live.schemas.map(({ colocationId, ...each }) =>
            each.schema === step.table || colocationId === undefined ? each : { ...each, colocationId },
          ),
          tables: live.tables.map((table) => {
            if (!within(table)) return table;
            return reaches(live, table, ({ citus }) => citus.kind === 'reference')
              ? { ...table, citus: { kind: 'local', autoConverted: true }, hasHeap: false }
              : { ...table, citus: { kind: 'plain' }, hasHeap: true };
          }),
        },
        within,
      );
    }
    case 'undistribute': {
      const back = on((table) => {
        if (table.citus.kind !== 'distributed' && table.citus.kind !== 'reference')
          throw new Error('is not distributed');
        if (table.foreignKeys.length > 0 || incoming(live, step.table).length > 0)
          throw new Error('has a foreign key');
        return { ...table, citus: { kind: 'plain' }, hasHeap: true };
      });
      return forgetComments(back, (table) => showTable(table.table) === step.table);
    }
    case 'alter-distribution':
      return on((table) => {
        if (wanted?.kind !== 'distributed' || table.citus.kind !== 'distributed')
          throw new Error('is not distributed');
        const between = [...table.foreignKeys, ...incoming(live, step.table)].filter(
          (key) => referenced(live, key).citus.kind === 'distributed',
        );
        if (between.length > 0) throw new Error('Citus would drop a foreign key');
        if (table.keys.some((key) => !key.columns.includes(wanted.distributeBy)))
          throw new Error('key without column');
        const root = rootOf(expected, live, step.table);
        const first = find(live, root).citus;
        if (root !== step.table && first.kind !== 'distributed') throw new Error('nothing to colocate with');
        const changed = distributed(
          wanted.distributeBy,
          root !== step.table && first.kind === 'distributed' ? first.colocationId : newGroup(live),
          root !== step.table && first.kind === 'distributed' ? first.shardCount : expected.shardCount,
        );
        if (JSON.stringify(changed) === JSON.stringify(table.citus)) throw new Error('changes nothing');
        return { ...table, citus: changed };
      });
    case 'change-colocation':
      return on((table) => {
        if (wanted?.kind !== 'distributed' || table.citus.kind !== 'distributed')
          throw new Error('is not distributed');
        const root = rootOf(expected, live, step.table);
        const first = find(live, root).citus;
        if (root === step.table)
          return {
            ...table,
            citus: {
              ...table.citus,
              colocationId: newGroup(live),
            },
          };
        if (first.kind !== 'distributed' || first.shardCount !== table.citus.shardCount)
          throw new Error('shards differ');
        return { ...table, citus: { ...table.citus, colocationId: first.colocationId } };
      });
    case 'restore-foreign-key': {
      const key = recorded();
      const atOnce = key.validated && !step.sql.some((sql) => sql.endsWith(' NOT VALID'));
      const added: LiveDatabase = {
        ...on((table) => ({
          ...table,
          foreignKeys: [...table.foreignKeys, { ...withoutComment(key), validated: atOnce }],
        })),
        droppedForeignKeys: key.validated && !atOnce ? live.droppedForeignKeys : without(key),
      };
      // Citus knows all tables that foreign keys connect, or none of them.
      const turns = (table: LiveTable): boolean =>
        table.citus.kind === 'plain' &&
        reaches(added, table, (each) => each.citus.kind === 'reference' || each.citus.kind === 'local');
      const turned = new Set(added.tables.filter(turns).map(({ table }) => showTable(table)));
      const forgotten = forgetComments(
        keepsWith(
          { ...added, tables: added.tables.map((table) => (turns(table) ? turnedLocal(table) : table)) },
          key,
        ),
        (table) => turned.has(showTable(table.table)),
      );
      const { comment } = key;
      const there = missing(forgotten, key, comment === undefined);
      if (comment === undefined) return there;
      const again: LiveComment = { on: 'constraint', schema: key.table.schema, name: part, text: comment };
      return {
        ...there,
        tables: there.tables.map((table) =>
          showTable(table.table) === step.table
            ? {
                ...table,
                comments: [...table.comments, again],
                foreignKeys: table.foreignKeys.map((each) =>
                  each.name === part ? { ...each, comment } : each,
                ),
              }
            : table,
        ),
      };
    }
    case 'validate-foreign-key': {
      const key = recorded();
      if (tableOf(live, key).citus.kind === 'reference' && referenced(live, key).citus.kind === 'local')
        throw new Error('the constraint does not exist on the other nodes');
      return {
        ...on((table) => ({
          ...table,
          foreignKeys: table.foreignKeys.map((each) =>
            each.name === part ? { ...each, validated: true } : each,
          ),
        })),
        droppedForeignKeys: without(key),
      };
    }
    case 'forget-foreign-key':
      return { ...live, droppedForeignKeys: without(recorded()) };
    case 'remove-record':
      return removeRecord(live, step);
    case 'record-comments': {
      const table = find(live, step.table);
      return {
        ...live,
        recordedComments: [
          ...live.recordedComments,
          ...table.comments
            .filter(({ on, schema, name, text }) =>
              step.sql.at(-1)?.includes(`, '${on}', '${schema}', '${name}', '${text}')`),
            )
            .map((comment) => ({ table: table.table, comment, missing: false })),
        ],
        ownSchema: { ...live.ownSchema, exists: true, commentTable: true },
      };
    }
    case 'restore-comments': {
      const back = live.recordedComments.filter((each) => showTable(each.table) === step.table);
      return {
        ...on((table) => ({
          ...table,
          comments: [...table.comments, ...back.filter((each) => each.missing).map((each) => each.comment)],
          foreignKeys: table.foreignKeys.map((key) => {
            const again = back.find(
              ({ comment }) => comment.on === 'constraint' && comment.name === key.name,
            );
            return again?.missing === true ? { ...key, comment: again.comment.text } : key;
          }),
        })),
        recordedComments: live.recordedComments.filter((each) => !back.includes(each)),
      };
    }
    case 'truncate-local-copy':
      for (const key of incoming(live, step.table)) {
        if (tableOf(live, key).citus.kind === 'plain') throw new Error('referenced by a local table');
      }
      return on((table) => ({ ...table, hasHeap: false }));
  }
}

function isOnForeignKey({ foreignKeys }: LiveTable, { on, name }: LiveComment): boolean {
  return on === 'constraint' && foreignKeys.some((key) => key.name === name);
}

/** A table that Citus turns is a new relation, without the comments of the old one. */
function forgetComments(
  live: LiveDatabase,
  turned: (table: LiveTable) => boolean,
  goes: (table: LiveTable, comment: LiveComment) => boolean = () => true,
): LiveDatabase {
  for (const table of live.tables.filter(turned)) {
    const recorded = live.recordedComments.map((each) => commentId(each.table, each.comment));
    for (const comment of table.comments.filter((each) => goes(table, each))) {
      if (!recorded.includes(commentId(table.table, comment)))
        throw new Error(`would lose a comment of ${showTable(table.table)}`);
    }
  }
  const goesFrom = (name: TableName, comment: LiveComment): boolean =>
    live.tables.some((table) => sameTable(table.table, name) && turned(table) && goes(table, comment));
  return {
    ...live,
    tables: live.tables.map((table) =>
      turned(table)
        ? {
            ...table,
            comments: table.comments.filter((comment) => !goes(table, comment)),
            foreignKeys: table.foreignKeys.map((key) => {
              const comment: LiveComment = {
                on: 'constraint',
                schema: table.table.schema,
                name: key.name,
                text: '',
              };
              return goes(table, comment) ? withoutComment(key) : key;
            }),
          }
        : table,
    ),
    recordedComments: live.recordedComments.map((each) =>
      goesFrom(each.table, each.comment) ? { ...each, missing: true } : each,
    ),
  };
}

function withoutComment(key: LiveForeignKey): LiveForeignKey {
  const { comment, ...bare } = key;
  return comment === undefined ? key : bare;
}

/** Says of a recorded comment on a foreign key whether the foreign key is there without it. */
function missing(live: LiveDatabase, key: LiveForeignKey, isMissing: boolean): LiveDatabase {
  return {
    ...live,
    recordedComments: live.recordedComments.map((each) =>
      sameTable(each.table, key.table) && each.comment.on === 'constraint' && each.comment.name === key.name
        ? { ...each, missing: isMissing }
        : each,
    ),
  };
}

function turnedLocal(table: LiveTable): LiveTable {
  return { ...table, citus: { kind: 'local', autoConverted: true }, hasHeap: false };
}

/**
 * A new foreign key between a table that is kept in Citus's metadata and another local one keeps all that others connect with the
 * latter.
 */
function keepsWith(live: LiveDatabase, { name, table, references }: LiveForeignKey): LiveDatabase {
  const isKept = ({ citus }: LiveTable): boolean => citus.kind === 'local' && !citus.autoConverted;
  const isOther = ({ citus }: LiveTable): boolean => citus.kind === 'local' && citus.autoConverted;
  const ends = [table, references].map((end) => find(live, showTable(end)));
  const other = ends.find(isOther);
  if (other === undefined || !ends.some(isKept)) return live;
  const before: LiveDatabase = {
    ...live,
    tables: live.tables.map((each) =>
      sameTable(each.table, table)
        ? { ...each, foreignKeys: each.foreignKeys.filter((key) => key.name !== name) }
        : each,
    ),
  };
  const kept = keep(before, (each) => sameTable(each.table, other.table));
  return {
    ...live,
    tables: live.tables.map((each, place) => ({ ...each, citus: kept.tables[place]?.citus ?? each.citus })),
  };
}

/** Keeps a table in Citus's metadata where the step says so. */
function pin(live: LiveDatabase, { sql }: TablesStep): LiveDatabase {
  return keep(live, ({ table }) =>
    sql.includes(`SELECT citus_add_local_table_to_metadata(${sqlTableArgument(table)})`),
  );
}

/** Keeps local tables known to Citus that foreign keys connect with such a one. */
function keep(live: LiveDatabase, such: (table: LiveTable) => boolean): LiveDatabase {
  return {
    ...live,
    tables: live.tables.map((table) =>
      table.citus.kind === 'local' && reaches(live, table, such)
        ? { ...table, citus: { ...table.citus, autoConverted: false } }
        : table,
    ),
  };
}

/** Whether foreign keys connect the table with such a one. */
function reaches(live: LiveDatabase, start: LiveTable, such: (table: LiveTable) => boolean): boolean {
  const found = new Set([start]);
  for (const table of found) {
    for (const key of live.tables.flatMap((each) => each.foreignKeys)) {
      const [from, to] = [tableOf(live, key), referenced(live, key)];
      if (from === table) found.add(to);
      if (to === table) found.add(from);
    }
  }
  return [...found].some(such);
}

/** The id of a colocation group that no table is in. */
function newGroup(live: LiveDatabase): number {
  const known = live.tables.map(({ citus }) => ('colocationId' in citus ? citus.colocationId : 0));
  return Math.max(100, ...known) + 1;
}

function commentId(table: TableName, { on, name }: LiveComment): string {
  return [showTable(table), on, name].join(' ');
}

function removeRecord(live: LiveDatabase, step: TablesStep): LiveDatabase {
  const ofComments = step.table === 'scaleout.recorded_comment';
  if (ofComments && live.recordedComments.length > 0) throw new Error('would lose a comment');
  if (!ofComments && live.droppedForeignKeys.length > 0) throw new Error('would lose a foreign key');
  const { recordTable, commentTable } = live.ownSchema;
  const left = { recordTable: ofComments && recordTable, commentTable: !ofComments && commentTable };
  const schemaToo = step.sql.some((sql) => sql.startsWith('DROP SCHEMA'));
  if (schemaToo && (left.recordTable || left.commentTable)) throw new Error('the schema is not empty');
  return { ...live, ownSchema: { ...live.ownSchema, ...left, exists: !schemaToo } };
}

function incoming(live: LiveDatabase, table: string): LiveForeignKey[] {
  return live.tables.flatMap((each) => each.foreignKeys).filter((key) => showTable(key.references) === table);
}

function tableOf(live: LiveDatabase, key: LiveForeignKey): LiveTable {
  return find(live, showTable(key.table));
}

function referenced(live: LiveDatabase, key: LiveForeignKey): LiveTable {
  return find(live, showTable(key.references));
}

function find(live: LiveDatabase, name: string): LiveTable {
  const table = live.tables.find((each) => showTable(each.table) === name);
  if (table === undefined) throw new Error(`no table ${name}`);
  return table;
}

function sameName(name: TableName, table: LiveTable): boolean {
  return sameTable(name, table.table);
}

function rootOf(expected: Distribution, live: LiveDatabase, table: string): string {
  const wanted = expected.tables.find((each) => showTable(each.table) === table);
  if (wanted?.kind !== 'distributed' || wanted.colocateWith === undefined) return table;
  return rootOf(expected, live, showTable(wanted.colocateWith));
}
