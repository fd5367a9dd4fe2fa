import type { ExpectedSchema } from '../../../config/workload/distribution-types';
import { allOf, didYouMean } from '../../../config/text/text';
import { grantFailures } from './grants';
import type { LiveForeignKey, LiveSchema, LiveTable } from '../model/live';
import { showTable } from '../model/names';
import type { TargetState } from '../target/target-state';
import { policyFailures } from './policies';
import { ruleFailures } from './rules';
import { knowsSchemas } from '../../citus/versions';

/**
 * Everything that stands in the way of the schemas becoming what the specification says, each in a sentence or two with
 * the way out. The rules are those of citus_schema_distribute() and citus_schema_undistribute(), which stop at the first. Pure.
 */
export function schemaFailures(target: TargetState): string[] {
  const { expected, live } = target;
  const wanted = expected.schemas ?? [];
  if (wanted.some(({ kind }) => kind === 'distributed') && !knowsSchemas(live.citusVersion)) {
    return [
      `schemas are distributed since Citus 12.0, and this database has ${live.citusVersion === undefined ? 'no Citus' : live.citusVersion}: ` +
        'upgrade the extension (on Azure, the Citus version of the cluster), or leave schemas out of the specification',
    ];
  }
  return wanted.flatMap((each) => {
    const schema = target.liveSchema(each.schema);
    if (schema === undefined) return [missing(target, each)];
    if (target.distributesSchema(schema)) return distributeFaults(target, schema);
    if (target.undistributesSchema(schema)) return undistributeFaults(target, schema);
    return [];
  });
}

function missing({ live }: TargetState, { schema }: ExpectedSchema): string {
  const others = [...live.otherSchemas, ...live.schemas.map((each) => each.schema)];
  return (
    `there is no schema ${schema}${didYouMean(schema, others)}: correct the name, create the schema, ` +
    'or take it out of the specification'
  );
}

function ownerFaults({ live }: TargetState, { schema, owner, ours, othersTables }: LiveSchema): string[] {
  const faults: string[] = [];
  if (!ours) {
    faults.push(
      `schema ${schema} belongs to role ${owner} and this session is ${live.role}, which has not that role's rights: ` +
        `connect as ${owner}, or give the schema to ${live.role} with ALTER SCHEMA ... OWNER TO`,
    );
  }
  for (const role of new Set(othersTables.map((each) => each.owner))) {
    const theirs = othersTables.filter((each) => each.owner === role).map(({ table }) => showTable(table));
    faults.push(
      `${allOf(theirs)} of schema ${schema} ${theirs.length === 1 ? 'belongs' : 'belong'} to role ${role} and this session is ${live.role}, ` +
        `and Citus turns a schema only with all its tables: give them to one role with ALTER TABLE ... OWNER TO, or make ${live.role} a member of ${role}`,
    );
  }
  return faults;
}

function distributeFaults(target: TargetState, schema: LiveSchema): string[] {
  const { schema: name } = schema;
  const faults = ownerFaults(target, schema);
  if (schema.extensions.length > 0) {
    faults.push(
      `schema ${name} holds ${allOf(schema.extensions)}, and Citus distributes no schema of an extension: ` +
        'move it out with ALTER EXTENSION ... SET SCHEMA, or leave the schema out',
    );
  }
  for (const { partition, parent } of schema.strayPartitions) {
    faults.push(
      `${showTable(partition)} is a partition of ${showTable(parent)}, and in a distributed schema the two must be together: ` +
        'move one of them with ALTER TABLE ... SET SCHEMA, or leave the schema out',
    );
  }
  return [
    ...faults,
    ...target.tablesOf(name).flatMap((table) => tableFaults(table, name)),
    ...partitionKeyFaults(target, name, (key) => key.references.schema === name),
  ];
}

/** Citus puts aside the foreign keys of tables, not those that a partition has by itself. */
function partitionKeyFaults(
  { live }: TargetState,
  schema: string,
  matters: (key: LiveForeignKey) => boolean,
): string[] {
  return live.tables
    .filter(({ table, kind }) => table.schema === schema && kind === 'partition')
    .flatMap(({ foreignKeys }) => foreignKeys.filter(matters))
    .map(
      (key) =>
        `foreign key ${key.name} is one of partition ${showTable(key.table)} alone, which Citus does not carry over when it turns schema ${schema}: ` +
        'give it to the partitioned table instead, or drop it',
    );
}

function tableFaults(live: LiveTable, schema: string): string[] {
  const name = showTable(live.table);
  const faults = [...grantFailures(live), ...policyFailures(live, true)];
  if (live.kind === 'foreign') {
    faults.push(
      `${name} is a foreign table, and Citus takes none in a distributed schema: move it to another with ALTER FOREIGN TABLE ... SET SCHEMA, or leave schema ${schema} out`,
    );
  }
  if (live.citus.kind === 'distributed' || live.citus.kind === 'reference') {
    const is = live.citus.kind === 'reference' ? 'a reference table' : 'distributed by itself';
    faults.push(
      `table ${name} is ${is}, and Citus distributes a schema only where none of its tables is: say ${name}: { local: true } under tables and ` +
        `schema ${schema} nowhere, apply that, and then distribute the schema; or move the table to another schema`,
    );
  }
  if (live.inherits) {
    faults.push(
      `table ${name} is parent or child of another table by INHERITS, which Citus takes in no distributed schema: take them apart with ` +
        `ALTER TABLE ... NO INHERIT, or leave schema ${schema} out`,
    );
  }
  if (live.nested) {
    faults.push(
      `a partition of table ${name} is partitioned itself, and Citus takes one level: make it a plain partition, or leave schema ${schema} out`,
    );
  }
  if (live.triggers.length > 0) {
    faults.push(
      `table ${name} has ${live.triggers.length === 1 ? 'trigger' : 'triggers'} ${allOf(live.triggers)}, and Citus takes no table with triggers: ` +
        `drop them and do their work in the application, or leave schema ${schema} out`,
    );
  }
  return faults;
}

/** Going back makes every table anew, which loses what Citus cannot carry over. */
function undistributeFaults(target: TargetState, schema: LiveSchema): string[] {
  const tables = target.tablesOf(schema.schema);
  const identity = tables.filter((table) => table.identities.length > 0).map(({ table }) => showTable(table));
  const faults = [...ownerFaults(target, schema), ...partitionKeyFaults(target, schema.schema, () => true)];
  if (identity.length > 0) {
    faults.push(
      `schema ${schema.schema} is to be local again, and Citus brings no table with an identity column back, as ${allOf(identity)} ${identity.length === 1 ? 'has' : 'have'}: ` +
        'turn the column into one with a sequence as its default (ALTER COLUMN ... DROP IDENTITY, then SET DEFAULT nextval(...)), or leave the schema distributed',
    );
  }
  faults.push(
    ...tables.flatMap((table) => ruleFailures(table, `schema ${schema.schema} is to be local again`)),
  );
  return faults;
}
