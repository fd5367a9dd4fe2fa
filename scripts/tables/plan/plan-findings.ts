import { escapeIdentifier } from 'pg';
import { tableKey } from '../../../config/workload/identifiers';
import { allOf } from '../../../config/text/text';
import { asynchronousCommits, distinct, finding } from '../../database/checks/findings';
import type { Finding } from '../../database/checks/findings';
import { showTable, sqlTable } from '../../database/model/names';
import { duration } from '../../lib/reporter';
import { isOnlineCopy } from '../../database/model/step';
import type { StepEffects } from '../../database/target/step-effects';
import type { LiveTable } from '../../database/model/live';
import type { TargetState } from '../../database/target/target-state';
import type { TablesStep } from '../../database/model/step';
import { isNamed } from './carried';
import { boundBy } from './carried-views';
import { viewPolicyFindings } from '../../database/checks/view-roles';
import { narrowedSequences } from '../../database/checks/sequences';
import { ownersKeptOut, setRolesKeptOut } from '../../database/checks/owners';
import { stepSeconds } from './step-seconds';
import { readerFindings } from '../../database/checks/reader';
import { replicationFindings } from './replication-findings';
import { serverFindings } from '../../database/checks/servers';
import { settingFindings } from '../../database/checks/settings';
import { viewFindings } from '../../database/checks/views';

type Source = (target: TargetState, effects: StepEffects) => readonly Finding[];

/** What the steps of a plan do that a person should know of before they run, or has to allow. Pure. */
export function planFindings(target: TargetState, effects: StepEffects): Finding[] {
  // Of a plan that does nothing there is nothing to know.
  if (effects.steps.length === 0) return [];
  return distinct(SOURCES.flatMap((source) => source(target, effects)));
}

const SOURCES: readonly Source[] = [
  readerFindings,
  forcedPolicyWindows,
  commitsBehind,
  staleContents,
  splitShards,
  notNullNames,
  convertedTables,
  objectIdentifiers,
  hashesOfEnums,
  grantsOfShards,
  sequencesOnWorkers,
  (target, effects) =>
    narrowedSequences(target.live.defaultSequences, (table) => {
      const live = target.liveTable(table);
      return live !== undefined && becomesCitus(live, effects);
    }),
  identitiesWithoutWayBack,
  policiesOfSettings,
  ownersKeptOut,
  setRolesKeptOut,
  eventTriggers,
  ({ live }) => settingFindings(live),
  ({ live }, effects) =>
    replicationFindings(
      live,
      live.tables.filter((table) => becomesCitus(table, effects)),
      effects.steps,
    ),
  serverFindings,
  tablespaces,
  viewFindings,
  viewPolicyFindings,
];

/** They can stop any statement; which, a run finds out before its first step. */
function eventTriggers({ live }: TargetState): Finding[] {
  return (live.eventTriggers ?? []).map((name) =>
    finding(
      'event-trigger',
      name,
      `event trigger ${name} fires for what the steps do to tables. Before the first step \`tables apply\` tries such statements on a table of its own, ` +
        'rolls them back, and stops where one fails',
      'none',
    ),
  );
}

function forcedPolicyWindows({ live }: TargetState, effects: StepEffects): Finding[] {
  return live.tables.flatMap((table) => {
    if (table.forced.length === 0) return [];
    const copies = effects.copiesOf(table);
    if (copies.length === 0) return [];
    const name = showTable(table.table);
    const seconds = copies.reduce((sum, step) => sum + copySeconds(step, table), 0);
    const schemas = new Set(
      copies.flatMap(({ target }) => (target.kind === 'schema' ? [target.schema] : [])),
    );
    return [
      finding(
        'forced-policy-window',
        name,
        `row-level security of ${allOf(table.forced.map((each) => showTable(each.table)))} binds the owner too (FORCE), and Citus, which copies as the owner, would ` +
          `leave out the rows that its policies hide. FORCE is off while ${name} is copied, about ${duration(seconds)}, and is put back right after. In that time an application ` +
          `that logs in as ${table.owner} sees and changes the rows of every tenant; other roles see what they saw` +
          (schemas.size === 0
            ? ''
            : `. It is copied with all of schema ${allOf([...schemas])}, in one transaction`),
        'allowance',
      ),
    ];
  });
}

/** PostgreSQL renames what partitions inherit only where it has one name on all of them, and Citus gives each another one. */
function notNullNames({ live }: TargetState, effects: StepEffects): Finding[] {
  const recreated = new Set(effects.recreated.flatMap(({ tables }) => tables).map(tableKey));
  return live.tables
    .filter((table) => recreated.has(tableKey(table.table)) || effects.converted.has(table))
    .flatMap(({ table, notNulls = [] }) => {
      const lost = notNulls.filter((each) => each.inherited && (isNamed(each) || each.commented));
      if (lost.length === 0) return [];
      const name = showTable(table);
      return [
        finding(
          'not-null-names',
          name,
          `Citus makes ${allOf(lost.map((each) => `${each.name} (${each.column})`))} of partitioned table ${name} anew, NOT NULL as before and under names of its own, ` +
            'which PostgreSQL lets nobody change where partitions inherit it. The names are lost, and comments on them',
          'none',
        ),
      ];
    });
}

/** Groups with isolated tenants, or split otherwise, that the tables are in or come to. */
function splitShards(target: TargetState, effects: StepEffects): Finding[] {
  return target.live.tables.flatMap((live) => {
    const { citus } = live;
    const name = showTable(live.table);
    if (live.kind === 'partition' || effects.copiesOf(live).length === 0) return [];
    if (citus.kind === 'distributed' && citus.splitShards === true) {
      return [
        finding(
          'split-shards-merged',
          name,
          `the ${String(citus.shardCount)} shards of ${name} were split, as for a tenant of its own, and the copy of ${name} loses that: isolate its tenants again afterwards`,
          'allowance',
        ),
      ];
    }
    const wanted = target.expectedTable(live.table);
    if (wanted?.kind !== 'distributed') return [];
    const root = target.groupRoot(wanted);
    const group = target.liveTable(root)?.citus;
    if (group?.kind !== 'distributed' || group.splitShards !== true || target.change(root)?.kind === 'alter')
      return [];
    return [
      finding(
        'split-shards',
        name,
        `${name} joins the colocation group of ${showTable(root)}, whose shards were split, and gets its ${String(group.shardCount)} ranges. ` +
          `The shardCount of ${String(target.expected.shardCount)} is for new groups`,
        'none',
      ),
    ];
  });
}

/** Citus writes no TABLESPACE for the shards of a table, and one for those of its indexes. */
function tablespaces({ live }: TargetState, effects: StepEffects): Finding[] {
  return live.tables.flatMap((table) => {
    const own = table.facts.find(({ subject }) => subject === 'tablespace')?.definition;
    const ofIndexes = [...new Set(table.keys.flatMap(({ tablespace }) => tablespace ?? []))];
    if (effects.copiesOf(table).length === 0 || (own === undefined && ofIndexes.length === 0)) return [];
    const name = showTable(table.table);
    return [
      finding(
        'tablespace',
        name,
        [
          ...(own === undefined
            ? []
            : [
                `the rows of ${name} leave tablespace ${own}: Citus puts its shards into the default tablespace of each node`,
              ]),
          ...(ofIndexes.length === 0
            ? []
            : [
                `indexes of ${name} stay in ${allOf(ofIndexes)}, also those of its shards: where a node has no tablespace of that name, the step fails. Run CREATE TABLESPACE there, or ALTER INDEX ... SET TABLESPACE pg_default before`,
              ]),
        ].join('; '),
        'allowance',
      ),
    ];
  });
}

function commitsBehind({ live }: TargetState, { steps }: StepEffects): Finding[] {
  const online = steps.filter(isOnlineCopy).map(({ table }) => table);
  if (online.length === 0) return [];
  return asynchronousCommits(live.asynchronousCommits ?? [], {
    loses: `an online copy can lose writes that are acknowledged in the last moments before it switches, about 0.2 s for each table (${allOf(online)})`,
    otherwise: 'say online: false',
  });
}

function copySeconds(step: TablesStep, { rowEstimate = 0, bytes }: LiveTable): number {
  return Math.ceil(stepSeconds(step, { rows: rowEstimate, bytes }));
}

/** Citus fills a materialized view again when it recreates a table of it, and what was kept on purpose is gone. */
function staleContents({ live }: TargetState, effects: StepEffects): Finding[] {
  const recreated = new Set(
    [
      ...[...effects.converted.keys()].map(({ table }) => table),
      ...effects.recreated.flatMap(({ tables }) => tables),
    ].map(tableKey),
  );
  return live.views
    .filter(
      ({ tables, stale }) =>
        stale !== undefined && stale !== false && tables.some((table) => recreated.has(tableKey(table))),
    )
    .map((each) => {
      const { view, stale } = each;
      const name = showTable(view);
      const keep = `to keep the rows that it holds, copy them first (CREATE TABLE ... AS TABLE ${sqlTable(view)})`;
      const policies = boundBy(live, each);
      if (policies.length > 0) {
        return finding(
          'refresh-under-policy',
          name,
          `materialized view ${name} reads ${allOf(policies.map(showTable))}, whose policies bind the owner too, and does not hold the rows that they show its owner. ` +
            'Citus recreates the view. It keeps its rows where they are what its query gives without policies; otherwise it is refreshed under the policies, as its own REFRESH does: ' +
            keep,
          'allowance',
        );
      }
      return stale === true
        ? finding(
            'stale-contents',
            name,
            `materialized view ${name} holds other rows than its query gives now. Citus recreates the view with its tables, and it is refreshed then: ${keep}`,
            'allowance',
          )
        : finding(
            'stale-contents',
            name,
            `materialized view ${name} is refreshed when Citus recreates its tables. Whether that changes its rows is unknown, since the comparison failed or took too long: ${keep}`,
            'none',
          );
    });
}

function convertedTables(target: TargetState, { converted }: StepEffects): Finding[] {
  return [...converted]
    .filter(([{ table }]) => !target.isSpecified(table))
    .map(([{ table }, by]) => {
      const name = showTable(table);
      return finding(
        'converts-along',
        name,
        `table ${name}, which the specification does not name, becomes a Citus local table in step ${by.id}, since foreign keys connect it with ` +
          `${by.table}. It stays on the coordinator with every row; its sequences, materialized views, comments and policies are kept, and its rows and objects ` +
          'are compared like those of the others',
        'none',
      );
    });
}

/** Citus copies the number, and every server has another one for what people made there. */
function objectIdentifiers({ live }: TargetState, effects: StepEffects): Finding[] {
  return live.tables
    .filter((table) => leavesForShards(table, effects))
    .flatMap(({ table, serverBound }) =>
      serverBound.flatMap(({ column, type, names }) => {
        const name = showTable(table);
        if (names === 'labels') return [];
        return names === 'large objects'
          ? finding(
              'large-objects',
              `${name}.${column}`,
              `column ${column} of ${name} has type ${type}, and this database holds large objects. They stay on the coordinator: lo_get(${column}) fails in a query that runs on another node. ` +
                'Keep the bytes in a column of type bytea, or read large objects in queries of their own',
              'allowance',
            )
          : finding(
              'object-identifiers',
              `${name}.${column}`,
              `column ${column} of ${name} has type ${type}, which stores the number of an object. What PostgreSQL brings along has the same number on every node; what people create has another one on each, ` +
                `so its values name something else there, or nothing: ALTER TABLE ${sqlTable(table)} ALTER COLUMN ${escapeIdentifier(column)} TYPE text before`,
              'allowance',
            );
      }),
    );
}

/** Shards are tables made now; Citus grants on them what the table grants, and revokes nothing. */
function grantsOfShards({ live }: TargetState, effects: StepEffects): Finding[] {
  return live.tables
    .filter((table) => leavesForShards(table, effects))
    .flatMap(({ table, defaultGrants = [] }) => {
      if (defaultGrants.length === 0) return [];
      const name = showTable(table);
      return [
        finding(
          'default-privileges',
          name,
          `default privileges give ${allOf(defaultGrants)} on whatever is made, and table ${name} does not: shards made under them do, to roles that name them. ` +
            `REVOKE the same ON ${sqlTable(table)} after the run takes it from its shards too; \`tables verify\` names shards that have it`,
          'none',
        ),
      ];
    });
}

/** Nodes look for a label's rows by the hash of its number, and each has numbers of its own. */
function hashesOfEnums(target: TargetState): Finding[] {
  return target.distributedTables().flatMap(({ wanted: { table, distributeBy }, live: { serverBound } }) => {
    const bound = serverBound.find(({ column, names }) => column === distributeBy && names === 'labels');
    if (bound === undefined || target.isThere(table)) return [];
    const [name, column] = [showTable(table), bound.column];
    return finding(
      'enum-hash',
      `${name}.${column}`,
      `${name} is to be distributed by ${column} of type ${bound.type}, an enum. Its hash is of the number that a label has on the server, which is another one on each node and after a restore: ` +
        `a query that runs on another node looks for a label's rows in the wrong shard, and finds none. Distribute by another column, or ALTER TABLE ${sqlTable(table)} ALTER COLUMN ${escapeIdentifier(column)} TYPE text before`,
      'allowance',
    );
  });
}

/** A column whose values come from a sequence goes on on the coordinator; a worker has a range of its own, or none. */
function sequencesOnWorkers(target: TargetState, effects: StepEffects): Finding[] {
  return target.live.tables
    .filter((live) => becomesCitus(live, effects))
    .flatMap(({ table, columns }) => {
      const drawing = columns.filter(({ drawsValues }) => drawsValues === true);
      if (drawing.length === 0) return [];
      const [wide, narrow] = [true, false].map((isWide) =>
        drawing.filter(({ type }) => (type === 'bigint') === isWide).map(({ name }) => name),
      ) as [string[], string[]];
      const name = showTable(table);
      const words = [
        ...(wide.length === 0
          ? []
          : [
              `for ${allOf(wide)}, worker nodes draw from ranges of their own, which begin at 2^48 times their group`,
            ]),
        ...(narrow.length === 0
          ? []
          : [
              `for ${allOf(narrow)}, which ${narrow.length === 1 ? 'is' : 'are'} no bigint, worker nodes can draw no value: insert through the coordinator, or make ${narrow.length === 1 ? 'it' : 'them'} bigint before`,
            ]),
      ];
      return [
        finding(
          'sequence-on-workers',
          name,
          `sequences of table ${name} go on from their positions on the coordinator; ${words.join('; ')}`,
          'none',
        ),
      ];
    });
}

function identitiesWithoutWayBack(target: TargetState, effects: StepEffects): Finding[] {
  return target.live.tables
    .filter((live) => live.identities.length > 0 && becomesCitus(live, effects))
    .map(({ table }) => {
      const name = showTable(table);
      return finding(
        'no-way-back',
        name,
        `table ${name} has an identity column, and Citus brings no such table back: { local: true } is refused afterwards, and a run that is broken off can only be finished`,
        'none',
      );
    });
}

function leavesForShards(live: LiveTable, effects: StepEffects): boolean {
  return (live.citus.kind === 'plain' || live.citus.kind === 'local') && effects.copiesOf(live).length > 0;
}

function becomesCitus(live: LiveTable, effects: StepEffects): boolean {
  return live.citus.kind === 'plain' && (effects.copiesOf(live).length > 0 || effects.converted.has(live));
}

function policiesOfSettings(target: TargetState, effects: StepEffects): Finding[] {
  return target.live.tables
    .filter((live) => becomesCitus(live, effects))
    .flatMap(({ policies }) => policies)
    .filter(({ readsSetting }) => readsSetting)
    .map(({ table, name }) =>
      finding(
        'policy-reads-setting',
        `${showTable(table)}.${name}`,
        `policy ${name} of table ${showTable(table)} reads a setting of the session. Shards on workers see it only where the application sets it with SET LOCAL in the transaction ` +
          "of its query and citus.propagate_set_commands = 'local' is on; set_config() never reaches them. Shards on the coordinator always see it, so without both, answers depend on where a shard is",
        'none',
      ),
    );
}
