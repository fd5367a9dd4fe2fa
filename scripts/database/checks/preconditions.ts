import { escapeIdentifier } from 'pg';
import type { DistributedTable, ExpectedTable, TableName } from '../../../config/workload/distribution-types';
import { allOf, didYouMean } from '../../../config/text/text';
import { refused } from '../../lib/errors';
import { holdsShards, nodeName } from '../../citus/nodes';
import { copyMode } from '../target/copy-mode';
import { foreignKeyFault, liveTwin } from '../target/foreign-keys';
import { grantFailures, convertedGrantFailures } from './grants';
import type { LiveTable } from '../model/live';
import { compareTables, sameColumns, sameTable, showTable } from '../model/names';
import type { TargetState } from '../target/target-state';
import { ownerFailures, publicationFailures } from './owners';
import { policyFailures } from './policies';
import { ruleFailures } from './rules';
import { schemaFailures } from './schemas';
import { materializedViewFailures } from './views';
import { viewRoleFailures } from './view-roles';
import { convertedAlong, recreation } from '../target/recreated';
import type { ConvertedAlong, Recreation } from '../target/recreated';
import { serverFailures } from './servers';
import { sequenceFailures } from './sequences';
import {
  dependentFailures,
  domainFailures,
  identityNameFailures,
  indexFailures,
  needFailures,
} from './dependents';
import type { Recreated } from './dependents';

/**
 * Everything about the specification that the live database contradicts, each in one or two sentences with the way
 * out; empty where the two fit. Pure.
 */
export function findPreconditionFailures(target: TargetState): string[] {
  const takenAlong = convertedAlong(target);
  const recreated = (table: LiveTable): Recreation | undefined => recreation(target, table, takenAlong);
  return [
    ...nodeFaults(target),
    ...uncopiedFaults(target),
    ...target.expected.tables.flatMap((wanted) => tableFaults(target, wanted)),
    ...schemaFailures(target),
    ...colocationFaults(target),
    ...sequenceFailures(target, takenAlong),
    ...turningFaults(target, takenAlong),
    ...rowSecurityFaults(target, takenAlong),
    ...replicationFactorFaults(target),
    ...serverFailures(target),
    ...ownerFailures(target, takenAlong),
    ...publicationFailures(target),
    ...viewOwnerFaults(target, recreated),
    ...viewRoleFailures(target, takenAlong),
    ...materializedViewFailures(target),
    ...dependentFailures(target, recreated),
    ...identityNameFailures(target, recreated),
    ...needFailures(target, takenAlong),
    ...indexFailures(
      target.live.tables.filter((each) => target.getsShards(each.table) || recreated(each) !== undefined),
    ),
    ...domainFailures(
      target.live.tables.filter((each) => target.getsShards(each.table) || recreated(each)?.how === 'copy'),
    ),
    ...target.live.tables
      .flatMap((table) => table.foreignKeys)
      .flatMap((key) => foreignKeyFault(target, key) ?? []),
    ...recordFaults(target),
  ];
}

/**
 * @param done what was changed so far, as the end of a sentence
 * @throws ScaleoutError with every fault, where there is one
 */
export function requirePreconditions(target: TargetState, done: string): void {
  requireNone(target, findPreconditionFailures(target), done);
}

/** @throws ScaleoutError with every fault, where there is one */
export function requireNone(target: TargetState, faults: readonly string[], done: string): void {
  if (faults.length === 0) return;
  const where = `the specification does not fit database "${target.live.database}"`;
  throw refused(
    'tables.preconditions',
    faults.length === 1
      ? `${where}: ${faults[0] ?? ''}. ${done.charAt(0).toUpperCase()}${done.slice(1)}`
      : `${where} in ${String(faults.length)} places, and ${done}:\n${firstLines(faults).join('\n')}`,
    { details: { failures: faults } },
  );
}

/** Lines of a message; the details of the error, which --json prints, have all. */
const LISTED = 10;

function firstLines(faults: readonly string[]): string[] {
  const listed = faults.slice(0, LISTED).map((fault) => `- ${fault}`);
  const more = faults.length - listed.length;
  return more === 0
    ? listed
    : [...listed, `and ${String(more)} more, which --json lists in error.details.failures`];
}

function nodeFaults({ expected, live }: TargetState): string[] {
  const needed = [...expected.tables, ...(expected.schemas ?? [])].some(({ kind }) => kind !== 'local');
  if (!needed || live.nodes.some(holdsShards)) return [];
  if (live.nodes.length === 0) {
    return [
      'Citus knows no node, not even its coordinator. On Azure the service registers them; elsewhere a superuser runs ' +
        "citus_set_coordinator_host and then citus_set_node_property(..., 'shouldhaveshards', true)",
    ];
  }
  const nodes = live.nodes.map(nodeName);
  return [
    `no node may hold shards (shouldhaveshards is false or the node is inactive: ${allOf(nodes)}). Set shards_on_coordinator_enabled for a single node, ` +
      'or add workers, and run this again',
  ];
}

/** Of a table that is local to Citus; for a plain one Citus copies them with writes waiting. */
function uncopiedFaults(target: TargetState): string[] {
  const { uncopiedReferenceTables: uncopied = [] } = target.live;
  const online = target
    .distributedTables()
    .filter(({ wanted, live }) => live.citus.kind === 'local' && !target.isThere(wanted.table))
    .filter(({ live }) => copyMode(target, live).online);
  if (uncopied.length === 0 || online.length === 0) return [];
  return [
    `nodes lack ${uncopied.length === 1 ? 'reference table' : 'reference tables'} ${allOf(uncopied)}, and before the online copy of ${allOf(online.map(({ live }) => showTable(live.table)))} ` +
      'Citus copies them by logical replication, which takes no unlogged and no columnar table. ' +
      "Copy them first: SELECT rebalance_table_shards(max_shard_moves => 0, shard_transfer_mode => 'block_writes')",
  ];
}

/** Citus moves and splits no shard that has several copies, nor makes one beside writes. */
function replicationFactorFaults(target: TargetState): string[] {
  const { shardReplicationFactor: factor = 1, role, database } = target.live;
  if (factor === 1 || target.distributedTables().every(({ wanted }) => target.isThere(wanted.table)))
    return [];
  return [
    `citus.shard_replication_factor is ${String(factor)} in this session, and Citus neither moves shards of several copies nor makes them beside writes: ` +
      `ALTER DATABASE ${escapeIdentifier(database)} SET citus.shard_replication_factor TO 1, or the same for role ${role} where it has the setting`,
  ];
}

function tableFaults(target: TargetState, wanted: ExpectedTable): string[] {
  const name = showTable(wanted.table);
  const live = target.liveTable(wanted.table);
  if (live === undefined) return [missingTable(target, wanted.table)];
  if (live.kind !== 'table' && live.kind !== 'partitioned')
    return wanted.kind === 'local' ? [] : [notAnOrdinaryTable(live)];
  if (live.kind === 'partitioned' && wanted.kind === 'reference') return [notAnOrdinaryTable(live)];
  if (live.citus.kind === 'schema' && target.expectedSchema(wanted.table.schema)?.kind !== 'local') {
    return [
      `table ${name} belongs to the distributed schema ${wanted.table.schema}, which places all its tables together: leave it out of the specification, ` +
        'or declare the schema { local: true } under schemas',
    ];
  }
  if (wanted.kind === 'local' && target.isThere(wanted.table)) return [];
  const faults = changeFaults(target, live);
  if (!live.ours) {
    faults.push(
      `table ${name} belongs to role ${live.owner} and this session is ${target.live.role}, which has not that role's rights: ` +
        `connect as ${live.owner}, or give the table to ${target.live.role} with ALTER TABLE ... OWNER TO`,
    );
  }
  if (!target.isThere(wanted.table) && live.inherits) {
    faults.push(
      `table ${name} is parent or child of another table by INHERITS, and Citus takes neither: take them apart with ` +
        'ALTER TABLE ... NO INHERIT, or leave the table out',
    );
  }
  if (!target.isThere(wanted.table)) faults.push(...grantFailures(live));
  if (!target.isThere(wanted.table) && live.citus.kind === 'local') {
    faults.push(...ruleFailures(live, `table ${name} is local to Citus and is to be distributed`));
  }
  if (wanted.kind === 'distributed' && !target.isThere(wanted.table)) {
    faults.push(...identityFaults(target, wanted, live));
  }
  if (!target.isThere(wanted.table) && live.triggers.length > 0) {
    faults.push(
      `table ${name} has ${live.triggers.length === 1 ? 'trigger' : 'triggers'} ${allOf(live.triggers)}, and Citus takes no table with triggers: ` +
        'drop them and do their work in the application, or leave the table out',
    );
  }
  if (wanted.kind === 'distributed') {
    faults.push(
      ...partitionFaults(wanted, live),
      ...columnFaults(wanted, live),
      ...keyFaults(wanted, live),
      ...replacementFaults(target, wanted),
    );
  }
  return faults;
}

/** Schemas whose tables are no user's. */
const SYSTEM_SCHEMAS =
  /^(pg_catalog|pg_toast|information_schema|citus|citus_internal|columnar|columnar_internal|scaleout)$/;

function missingTable({ live }: TargetState, table: TableName): string {
  if (SYSTEM_SCHEMAS.test(table.schema)) {
    return `schema ${table.schema} belongs to PostgreSQL, Citus or this program, whose tables are not to be distributed: take ${showTable(table)} out of the specification`;
  }
  const all = [...live.tables.map((each) => each.table), ...live.otherTables].sort(compareTables);
  const namesake = all.find((each) => each.name === table.name);
  const guess =
    namesake === undefined
      ? didYouMean(showTable(table), all.map(showTable))
      : ` (did you mean "${showTable(namesake)}"?)`;
  return `there is no table ${showTable(table)}${guess}: correct the name, create the table, or take it out of the specification`;
}

function notAnOrdinaryTable(live: LiveTable): string {
  const name = showTable(live.table);
  const words = {
    partitioned:
      'is partitioned, and Citus copies no partitioned table to every node: distribute it by a column, or leave it out',
    partition: 'is a partition, and only the table it belongs to can be distributed: leave it out',
    view: 'is a view, and only tables can be distributed: name the tables it reads',
    foreign: 'is a foreign table, whose rows are elsewhere: leave it out',
    table: '',
  };
  return `${name} ${words[live.kind]}`;
}

/** Citus brings a local table back before it copies it with writes waiting; beside writes it copies it as it is. */
function identityFaults(target: TargetState, wanted: DistributedTable, live: LiveTable): string[] {
  if (live.citus.kind !== 'local' || live.identities.length === 0) return [];
  const mode = copyMode(target, live);
  if (mode.online) return [];
  return [
    `table ${showTable(wanted.table)} is local to Citus, has an identity column and is to be distributed with writes waiting (${mode.reason}), ` +
      'for which Citus brings it back first, and it brings no table with an identity column back: mend what stands in brackets, and it is copied online',
  ];
}

/** Citus makes a view anew in the name of its owner, here with its table and on workers when it distributes it. */
function viewOwnerFaults(target: TargetState, recreated: Recreated): string[] {
  const { live } = target;
  const hasWorkers = live.nodes.length > 1;
  return live.views
    .filter(({ ours }) => !ours)
    .flatMap(({ view, kind, owner, tables }) => {
      const entering = target
        .living(tables)
        .filter(
          (table) =>
            recreated(table) !== undefined ||
            (hasWorkers && kind === 'plain' && target.entersCitus(table.table)),
        );
      if (entering.length === 0) return [];
      return [
        `view ${showTable(view)} belongs to role ${owner}, Citus makes it anew in that role's name with ${allOf(entering.map(({ table }) => showTable(table)))}, and ${live.role} is no member of it: ` +
          `GRANT ${escapeIdentifier(owner)} TO ${escapeIdentifier(live.role)}, or give the view to ${live.role} with ALTER VIEW ... OWNER TO`,
      ];
    });
}

/** Of every table that a run distributes, changes or converts. */
function rowSecurityFaults(target: TargetState, takenAlong: ConvertedAlong): string[] {
  return target.live.tables
    .filter(({ policies, kind }) => policies.length > 0 && kind !== 'partition')
    .filter(({ table, citus }) => {
      const named = target.expectedTable(table) !== undefined;
      if (named && !target.isThere(table)) return true;
      // Those of a schema that is distributed are among the faults of the schema.
      return citus.kind === 'plain' && takenAlong(table) !== undefined;
    })
    .flatMap((live) => policyFailures(live, target.expectedTable(live.table)?.kind === 'distributed'));
}

/** A table that Citus has to make anew loses what Citus cannot carry over. */
function changeFaults(target: TargetState, live: LiveTable): string[] {
  const change = target.change(live.table);
  if (change?.kind !== 'undistribute' && change?.kind !== 'alter') return [];
  const name = showTable(live.table);
  const call = change.kind === 'alter' ? 'alter_distributed_table' : 'undistribute_table';
  const faults: string[] = [];
  if (live.identities.length > 0) {
    faults.push(
      `table ${name} is to change with ${call}, and Citus does that to no table with an identity column: ` +
        'turn the column into one with a sequence as its default (ALTER COLUMN ... DROP IDENTITY, then SET DEFAULT nextval(...)), or correct the specification',
    );
  }
  const why = `table ${name} is to change with ${call}`;
  return [...faults, ...ruleFailures(live, why)];
}

function partitionFaults(wanted: DistributedTable, live: LiveTable): string[] {
  const name = showTable(wanted.table);
  const faults: string[] = [];
  if (live.nested) {
    faults.push(
      `a partition of table ${name} is partitioned itself, and Citus takes one level: make it a plain partition, or leave the table out`,
    );
  }
  const columns = live.partitionedBy.filter((column) => column !== null);
  const missing = columns.filter((column) => wanted.primaryKey?.includes(column) === false);
  if (missing.length > 0) {
    faults.push(
      `primaryKey of table ${name} is without ${allOf(missing)}, by which the table is partitioned, and PostgreSQL keeps a key unique only within ` +
        `a partition: write [${[...(wanted.primaryKey ?? []), ...missing].join(', ')}]`,
    );
  }
  return faults;
}

function columnFaults(wanted: DistributedTable, live: LiveTable): string[] {
  const name = showTable(wanted.table);
  const names = live.columns.map((column) => column.name);
  const missing = (column: string, role: string): string =>
    `${role} ${column} does not exist in table ${name}${didYouMean(column, names)}: ${names.length === 0 ? 'it has no columns' : `its columns are ${allOf(names)}`}`;
  const faults: string[] = [];
  const by = live.columns.find((column) => column.name === wanted.distributeBy);
  if (by === undefined) faults.push(missing(wanted.distributeBy, 'distribution column'));
  else {
    if (by.generated) {
      faults.push(
        `distribution column ${by.name} of table ${name} is generated, which Citus refuses: choose a column that is written`,
      );
    }
    if (!by.hashable) {
      faults.push(
        `distribution column ${by.name} of table ${name} has type ${by.type}, which has no hash function: choose another column`,
      );
    }
    if (by.looseCollation) {
      faults.push(
        `distribution column ${by.name} of table ${name} has a non-deterministic collation, under which different values are equal and ` +
          'would hash apart: give the column a deterministic one with ALTER COLUMN ... TYPE ... COLLATE, or choose another column',
      );
    }
    if (by.negativeScale) {
      faults.push(
        `distribution column ${by.name} of table ${name} is a numeric of negative scale, which Citus refuses: ` +
          'give it a scale of 0 or more with ALTER COLUMN ... TYPE, or choose another column',
      );
    }
    if (by.holdsNull === true) {
      faults.push(
        `distribution column ${by.name} of table ${name} holds NULLs, and a row without it belongs to no shard: fill them in ` +
          `(UPDATE ... WHERE ${by.name} IS NULL) and declare the column NOT NULL, or choose another`,
      );
    }
  }
  for (const column of wanted.primaryKey ?? []) {
    const found = live.columns.find((each) => each.name === column);
    if (found === undefined) faults.push(missing(column, 'primary key column'));
    else if (found.holdsNull === true && column !== wanted.distributeBy) {
      faults.push(
        `primary key column ${column} of table ${name} holds NULLs: fill them in, or leave the column out of primaryKey`,
      );
    }
  }
  return faults;
}

/** A shard knows only its own rows, so uniqueness can be kept only where the distribution column is part of it. */
function keyFaults(wanted: DistributedTable, live: LiveTable): string[] {
  const name = showTable(wanted.table);
  const { distributeBy: by, primaryKey } = wanted;
  const faults: string[] = [];
  // That it does not exist is said already.
  if (!live.columns.some((column) => column.name === by)) return faults;
  if (primaryKey !== undefined && !primaryKey.includes(by)) {
    faults.push(
      `primaryKey of table ${name} is (${primaryKey.join(', ')}) without the distribution column ${by}: add it, as in [${[by, ...primaryKey].join(', ')}]`,
    );
  }
  for (const key of live.keys) {
    if (key.columns.includes(by)) continue;
    const columns = key.columns.map((column) => column ?? 'an expression').join(', ');
    if (key.kind === 'primary') {
      if (primaryKey !== undefined) continue;
      const suggestion = [by, ...key.columns].join(', ');
      faults.push(
        `distribution column ${by} of table ${name} is not part of its primary key ${key.name} (${columns}): say primaryKey: [${suggestion}], ` +
          'which keeps a row unique within its shard, or distribute by a column of the key',
      );
    } else if (key.valid) {
      const what = { unique: 'unique constraint', index: 'unique index', exclusion: 'exclusion constraint' }[
        key.kind
      ];
      faults.push(
        `distribution column ${by} of table ${name} is not part of its ${what} ${key.name} (${columns}): add it to that key, drop the key, ` +
          'distribute by another column, or make the table a reference table',
      );
    } else {
      faults.push(
        `table ${name} has an invalid unique index ${key.name} (${columns}) without the distribution column ${by}: drop it`,
      );
    }
  }
  return faults;
}

/** What rests on a primary key that is to be replaced, and would stop that half-way. */
function replacementFaults(target: TargetState, wanted: DistributedTable): string[] {
  const key = target.primaryKey(wanted.table);
  if (key === undefined || target.newPrimaryKey(wanted.table) === undefined) return [];
  const name = showTable(wanted.table);
  const faults: string[] = [];
  if (key.deferrable) {
    faults.push(
      `primary key ${key.name} of table ${name} is DEFERRABLE, which the key that replaces it could not be: make it one that is not ` +
        '(drop it and add it again without DEFERRABLE), once nothing relies on checks at commit',
    );
  }
  if (key.dependents.length === 0) return faults;
  return [
    ...faults,
    `primary key ${key.name} of table ${name} is to be replaced, and ${allOf(key.dependents)} rests on it (as a GROUP BY of the key alone does): ` +
      'drop that first and create it again afterwards, naming every column in its GROUP BY',
  ];
}

/** What partitions that inherit a check and tables that inherit cannot do, and rules and grants on columns do not outlive: turning local. */
function turningFaults(target: TargetState, takenAlong: ConvertedAlong): string[] {
  const stuck = target.live.tables.filter(
    ({ kind, citus, inheritedCheck, inherits, rules, leftColumnGrants }) =>
      citus.kind === 'plain' &&
      (kind === 'partition' ||
        inheritedCheck !== undefined ||
        inherits ||
        rules.length > 0 ||
        leftColumnGrants.length > 0),
  );
  return stuck.flatMap((live) => {
    const { table, inheritedCheck } = live;
    const reference = takenAlong(table);
    if (reference === undefined) return [];
    const why = `foreign keys connect table ${showTable(table)} with ${showTable(reference)}, and when that becomes a reference table Citus turns ${showTable(table)} local`;
    const lost = [
      ...ruleFailures(live, why),
      // Of one that is named they are among its own faults.
      ...(target.expectedTable(table) === undefined ? convertedGrantFailures(live, why) : []),
      ...(live.kind === 'partition' && target.targetPlacement(table).kind === 'local'
        ? [partitionKeyFault(target, table, why)]
        : []),
      ...(live.inherits && target.isThere(table)
        ? [
            `${why}, which it does to no parent or child of another table by INHERITS: take them apart with ALTER TABLE ... NO INHERIT, or drop the foreign key`,
          ]
        : []),
    ];
    if (inheritedCheck === undefined) return lost;
    return [
      ...lost,
      `${why}, ` +
        `which it cannot do with partitions that inherit a CHECK constraint (${inheritedCheck}): drop the check or the foreign key and add it again afterwards, ` +
        `or distribute ${showTable(table)} as well`,
    ];
  });
}

function partitionKeyFault(target: TargetState, partition: TableName, why: string): string {
  const whole = showTable(target.wholeOf(partition));
  const keys = target.live.tables
    .flatMap(({ foreignKeys }) => foreignKeys)
    .filter(({ table, references }) => [table, references].some((end) => sameTable(end, partition)))
    .map(({ name }) => name);
  return (
    `${why}, which it does to no partition with a foreign key that ${whole} has not (${allOf(keys)}): ` +
    `declare it on ${whole}, distribute ${whole} as well, or drop it`
  );
}

/** Tables of one group hash alike, so their distribution columns have one type; tables of different groups do not share one. */
function colocationFaults(target: TargetState): string[] {
  const faults: string[] = [];
  for (const { wanted } of target.distributedTables()) {
    if (wanted.colocateWith === undefined) continue;
    const name = showTable(wanted.table);
    const root = target.groupRoot(wanted);
    const rootName = showTable(root);
    const first = target.liveTable(root);
    const rootBecomes = target.targetPlacement(root);
    if (first === undefined) {
      if (target.expectedTable(root) === undefined) faults.push(missingTable(target, root));
      continue;
    }
    if (rootBecomes.kind !== 'distributed') {
      faults.push(
        `table ${name} says colocateWith: ${rootName}, which is not distributed: distribute that one as well`,
      );
      continue;
    }
    const mine = target.column(wanted.table, wanted.distributeBy);
    const theirs = target.column(root, rootBecomes.column);
    if (mine === undefined || theirs === undefined) continue;
    if (!sameColumns([mine.type, mine.collation ?? null], [theirs.type, theirs.collation ?? null])) {
      const type = (column: typeof mine): string =>
        column.collation === undefined ? column.type : `${column.type} collation ${column.collation}`;
      faults.push(
        `tables ${name} and ${rootName} cannot be colocated: ${name}.${mine.name} is ${type(mine)} and ${rootName}.${theirs.name} is ${type(theirs)}. ` +
          'Give both columns one type, or leave colocateWith out',
      );
    }
  }
  return faults;
}

/** Recorded foreign keys of other specifications are none of this one's business. */
function recordFaults(target: TargetState): string[] {
  const mine = target.live.droppedForeignKeys.filter(
    (dropped) =>
      target.isSpecified(dropped.table) &&
      target.isSpecified(dropped.references) &&
      liveTwin(target, dropped) === undefined,
  );
  return mine.flatMap((dropped) => {
    const gone = [dropped.table, dropped.references].filter((table) => target.liveTable(table) === undefined);
    if (gone.length > 0) {
      return gone.map(
        (table) =>
          `foreign key ${dropped.name} of ${showTable(dropped.table)} was dropped by an earlier run and is to be restored, but table ${showTable(table)} is gone: ` +
          'bring the table back, or delete the row of that foreign key from scaleout.dropped_foreign_key',
      );
    }
    const fault = foreignKeyFault(target, dropped);
    if (fault === undefined) return [];
    return [
      `${fault}. An earlier run dropped it, so it is already away: delete its row from scaleout.dropped_foreign_key to give it up`,
    ];
  });
}
