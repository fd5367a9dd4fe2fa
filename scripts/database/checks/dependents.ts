import { escapeIdentifier } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import { allOf, someOf } from '../../../config/text/text';
import type { LiveDependent, LiveTable, TableNeed } from '../model/live';
import { keyIndexName, sameTable, showTable, sqlTable } from '../model/names';
import type { ConvertedAlong, Recreation } from '../target/recreated';
import type { TargetState } from '../target/target-state';

/** Objects that a message names. */
const NAMED = 8;

/** Undefined where a run leaves the table the relation it is. */
export type Recreated = (table: LiveTable) => Recreation | undefined;

/**
 * Objects that would be lost, or bound to a shard, where Citus recreates the table that they depend on. Whatever depends on it is
 * refused by name, unless a step carries it. Pure.
 */
export function dependentFailures({ live }: TargetState, recreated: Recreated): string[] {
  const said = new Set<string>();
  return live.tables.flatMap((table) => {
    const lost = table.dependents.filter(({ object }) => !said.has(object));
    const why = lost.length === 0 ? undefined : recreated(table);
    if (why === undefined) return [];
    lost.forEach(({ object }) => said.add(object));
    return KINDS.flatMap((kind) => {
      const alike = lost.filter((each) => each.kind === kind);
      return alike.length === 0 ? [] : [lostWith(table, why, kind, alike)];
    });
  });
}

const KINDS: readonly LiveDependent['kind'][] = ['column', 'default', 'function', 'other'];

function lostWith(
  { table }: LiveTable,
  { why, instead }: Recreation,
  kind: LiveDependent['kind'],
  objects: readonly LiveDependent[],
): string {
  const names = objects.map(({ object, on, usedBy }) =>
    usedBy.length === 0 ? `${object} (through ${on})` : `${object} (through ${on}; used by ${allOf(usedBy)})`,
  );
  const fate = objects.length === 1 ? FATES[kind].one : FATES[kind].several;
  return `Citus recreates table ${showTable(table)} ${why}, and ${allOf(names)} ${fate}, or ${instead}`;
}

/** What becomes of the objects, and what to do before. */
const FATES: Readonly<Record<LiveDependent['kind'], { readonly one: string; readonly several: string }>> = {
  column: {
    one: 'is dropped with its values: change its type first, as with ALTER TABLE ... ALTER COLUMN ... TYPE jsonb USING to_jsonb(...)',
    several:
      'are dropped with their values: change their types first, as with ALTER TABLE ... ALTER COLUMN ... TYPE jsonb USING to_jsonb(...)',
  },
  default: {
    one: 'is dropped or makes the run fail: let it draw from a sequence of its own, or drop it first and set it again afterwards',
    several:
      'are dropped or make the run fail: let them draw from a sequence of their own, or drop them first and set them again afterwards',
  },
  function: {
    one: 'is dropped, stays with the old table, or makes the run fail: drop it first and create it again afterwards, or write its body as a string and columns in place of the row type',
    several:
      'are dropped, stay with the old table, or make the run fail: drop them first and create them again afterwards, or write their bodies as strings and columns in place of the row type',
  },
  other: {
    one: 'is dropped, stays with the old table, or makes the run fail: drop it first and create it again afterwards',
    several:
      'are dropped, stay with the old table, or make the run fail: drop them first and create them again afterwards',
  },
};

/**
 * Tables that Citus refuses for what it would have to create on its nodes before them: what it creates nowhere, and functions and types
 * that rest on a table that it does not know by then, by a body in standard SQL or by a row type. Pure.
 */
export function needFailures(target: TargetState, takenAlong: ConvertedAlong): string[] {
  const said = new Set<string>();
  return target.live.tables
    .filter(({ needs }) => needs.length > 0)
    .filter(
      ({ table, citus }) =>
        target.entersCitus(table) || (citus.kind === 'plain' && takenAlong(table) !== undefined),
    )
    .flatMap(({ table, needs }) => needs.flatMap((need) => needFailure(target, table, need) ?? []))
    .filter((failure) => !said.has(failure) && said.add(failure));
}

function needFailure(
  target: TargetState,
  table: TableName,
  { of, by, table: needed }: TableNeed,
): string | undefined {
  const name = showTable(table);
  const needs = `${of} needs ${by}`;
  if (needed === null) {
    return (
      `${needs}, and Citus creates no ranges, base types or operators on its nodes, so it refuses table ${name}: use what PostgreSQL or an extension brings ` +
      'in its place, drop what needs it, or leave the table out'
    );
  }
  const first = showTable(needed);
  if (sameTable(needed, table)) {
    return (
      `${needs}, which rests on table ${first} itself, and Citus creates what a table needs before the table, so it refuses it: ` +
      'drop what needs it and create it again afterwards, or write function bodies as strings and columns in place of the row'
    );
  }
  if (target.isThere(needed)) return undefined;
  return (
    `${needs}, which rests on table ${first}, and Citus takes table ${name} only once it knows ${first}: distribute ${first} in a run before, ` +
    'or drop what needs it and create it again afterwards'
  );
}

/** Citus writes the name of an identity column without quotes when it makes the table a Citus local table. Pure. */
export function identityNameFailures({ live }: TargetState, recreated: Recreated): string[] {
  return live.tables.flatMap((table) => {
    const names = table.identities.filter(({ needsQuotes }) => needsQuotes).map(({ column }) => column);
    const why = names.length === 0 ? undefined : recreated(table);
    if (why?.how !== 'convert') return [];
    return names.map((column) => {
      const name = escapeIdentifier(column);
      return (
        `Citus recreates table ${showTable(table.table)} ${why.why}, writes the name of its identity column ${name} without quotes, and fails: ` +
        `rename the column first (ALTER TABLE ${sqlTable(table.table)} RENAME COLUMN ${name} TO ...), turn it into one with a sequence as its default ` +
        `(ALTER COLUMN ... DROP IDENTITY, then SET DEFAULT nextval(...)), or ${why.instead}`
      );
    });
  });
}

/** Citus builds each index whole, on shards and where it makes a table anew: one that is half built comes out as another one. */
export function indexFailures(recreated: readonly LiveTable[]): string[] {
  return recreated.flatMap(({ table, invalidIndexes }) => {
    // What a step of ours builds is its own to finish.
    const others = invalidIndexes.filter((name) => name !== keyIndexName(table));
    if (others.length === 0) return [];
    return [
      `${others.length === 1 ? 'index' : 'indexes'} ${someOf(others, NAMED)} of table ${showTable(table)} ${others.length === 1 ? 'is' : 'are'} not valid ` +
        '(half built CONCURRENTLY, or made ON ONLY a partitioned table), and Citus builds indexes whole: REINDEX, ATTACH PARTITION an index of each partition, or drop it',
    ];
  });
}

/** Who copies a row checks it by its domains. */
export function domainFailures(copied: readonly LiveTable[]): string[] {
  return copied.flatMap(({ table, uncheckedDomains }) =>
    uncheckedDomains.length === 0
      ? []
      : [
          `Citus copies the rows of table ${showTable(table)} and stops at the first that breaks ${allOf(uncheckedDomains)}, which is NOT VALID: ` +
            'ALTER DOMAIN ... VALIDATE CONSTRAINT once every row holds to it, or DROP CONSTRAINT',
        ],
  );
}
