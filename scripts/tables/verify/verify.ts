import type { Check } from './check';
import type { Client } from 'pg';
import { describeUnnamed, howToName } from '../../database/checks/unnamed';
import { settingFindings } from '../../database/checks/settings';
import { tableKey } from '../../../config/workload/identifiers';
import type {
  Distribution,
  ExpectedSchema,
  ExpectedTable,
} from '../../../config/workload/distribution-types';
import type { WorkloadQuery } from '../../../config/workload/workload';
import { allOf } from '../../../config/text/text';
import { describeServerError, isServerError } from '../../lib/errors';
import { groupBy } from '../../lib/group-by';
import { silentReporter } from '../../lib/reporter';
import { readColocationGroups } from '../../citus/colocation';
import { checkColocation } from './colocation-checks';
import { describeObjects, describeViewObjects, recordedObjects } from '../../database/observe/comparison';
import { foreignKeyFault, foreignKeyId } from '../../database/target/foreign-keys';
import { isHashedAlike, isSame } from '../../database/observe/fingerprint';
import type { Fingerprint, NotCounted } from '../../database/observe/fingerprint';
import { inspectDatabase } from '../../database/inspect/inspect';
import { hasLocalCopy } from '../../database/model/live';
import type { CitusTable, LiveDatabase, LiveTable } from '../../database/model/live';
import { keyIndexName, sameColumns, sameTable, showTable } from '../../database/model/names';
import { compareObjects } from '../../database/observe/objects';
import type { ObjectsCompared } from '../../database/observe/objects';
import { compareAnswers, countRows, observe, withRecorded } from '../../database/observe/observation';
import type {
  AnswerCompared,
  ObservationContext,
  ObservationSubject,
} from '../../database/observe/observation';
import { describeOddShard, readOddShards } from '../../database/observe/shard-definitions';
import type { OddShard } from '../../database/observe/shard-definitions';
import { TargetState } from '../../database/target/target-state';
import { onlySession } from '../../database/observe/read-sessions';
import type { Receipt } from './receipt';
import { compareSequences } from '../../database/observe/sequences';
import type { SequenceCompared } from '../../database/observe/sequences';
import { taskCount } from '../../citus/task-count';
import { compareViews } from '../../database/observe/view-answers';
import type { ViewCompared } from '../../database/observe/view-answers';
import { checkViews } from './view-checks';

/** What `tables verify` answers with. */
export interface TablesVerified {
  readonly formatVersion: 1;
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

/** What may be verified beside the distribution itself. */
export interface VerifyExtras {
  /** Taken before the change; every table named must still hold the same rows. */
  readonly expectedFingerprints?: readonly Fingerprint[];
  readonly queries?: readonly WorkloadQuery[];
  /** Of a run of `tables apply` on this database: rows and answers as it left them, objects as it found them. */
  readonly receipt?: Receipt;
  /** Tables of the database that the specification does not name are wrong. @default false */
  readonly strict?: boolean;
}

/** Compares a live database with its specification, looking at everything and changing nothing. */
export async function verifyDatabase(
  client: Client,
  expected: Distribution,
  extras: VerifyExtras = {},
  around: ObservationContext = { reporter: silentReporter, readers: onlySession(client) },
): Promise<TablesVerified> {
  const { receipt } = extras;
  const live = await inspectDatabase(client, expected, { readRows: false });
  const wanted = extras.expectedFingerprints ?? receipt?.after.rows ?? [];
  const uncounted = extras.expectedFingerprints === undefined ? (receipt?.after.notCounted ?? []) : [];
  const present = wanted.filter(({ table }) =>
    [...live.tables.map((each) => each.table), ...live.otherTables].some(
      (each) => tableKey(each) === tableKey(table),
    ),
  );
  const found = await countRows(
    present.map(({ table }) => table),
    { ...around, unreadable: 'name' },
    present,
  );
  const queries: Check[] = [];
  for (const query of extras.queries ?? [])
    queries.push(await checkQuery(client, query, shardCounts(expected, live)));
  const groups = live.citusVersion === undefined ? [] : await readColocationGroups(client);
  const checks = [
    ...checkTables(expected, live),
    ...checkColocation(groups),
    ...checkSettings(expected, live),
    ...checkUnnamed(live, extras.strict === true),
    ...(await checkViews(client, live)),
    ...describeOddShards(await readOddShards(client, live.tables, live.citusVersion)),
    ...compareFingerprints(wanted, found.rows, found.notCounted).map((check) => withRun(check, receipt)),
    ...checkUncounted(uncounted, wanted),
    ...queries,
    ...(receipt === undefined
      ? []
      : await checkReceipt(client, { expected, queries: extras.queries ?? [] }, live, receipt, around)),
  ];
  return { formatVersion: 1, ok: checks.every((check) => check.ok), checks };
}

/** Shards that a line names. */
const SHARDS_NAMED = 3;

/** A check for each table of which a shard is not like the table or the other shards. Pure. */
function describeOddShards(odd: readonly OddShard[]): Check[] {
  return [...groupBy(odd, ({ table }) => tableKey(table)).values()].map((all) => {
    const named = all.slice(0, SHARDS_NAMED).map(describeOddShard);
    const more = all.length > SHARDS_NAMED ? `, and ${String(all.length - SHARDS_NAMED)} more` : '';
    return {
      id: `shards:${showTable(all[0].table)}`,
      ok: false,
      detail: `not as the table, or not as its other shards: ${named.join(', ')}${more}. Something changed there alone, or on the table alone: make both the same`,
    };
  });
}

/** Settings with which the nodes answer otherwise than each other. Pure. */
function checkSettings({ allow = [] }: Distribution, live: LiveDatabase): Check[] {
  return settingFindings(live).map(({ id, message }) =>
    allow.some((each) => each.id === id)
      ? { id, ok: true, warning: true, detail: message }
      : { id, ok: false, detail: message },
  );
}

/** Tables that the specification does not name. Pure. */
function checkUnnamed({ unnamedTables }: LiveDatabase, strict: boolean): Check[] {
  if (unnamedTables.length === 0) return [];
  const names = unnamedTables.map(showTable);
  const found = describeUnnamed(names);
  const detail = strict ? `${found}. ${howToName(names)}` : found;
  return [{ id: 'unnamed-tables', ok: !strict, detail, ...(strict ? {} : { warning: true }) }];
}

/** The checks that need no more than the catalogs. Pure. */
export function checkTables(expected: Distribution, live: LiveDatabase): Check[] {
  const target = new TargetState(expected, live);
  return [
    ...expected.tables.flatMap((wanted) => {
      const table = target.liveTable(wanted.table);
      const id = `table:${showTable(wanted.table)}`;
      if (table === undefined) return [{ id, ok: false, detail: 'there is no such table' }];
      return [
        { id, ...checkKind(target, wanted, table) },
        ...checkKeys(target, wanted, table),
        ...checkForeignKeys(target, table),
        ...checkPlacements(live, table),
        ...checkLeftovers(table),
      ];
    }),
    ...(expected.schemas ?? []).flatMap((wanted) => checkSchema(target, wanted)),
    checkRecord(live),
  ];
}

/** The schema as a whole and, where it is distributed, each of its tables: one shard each, all of them on one node. */
function checkSchema(target: TargetState, { schema, kind }: ExpectedSchema): Check[] {
  const id = `schema:${schema}`;
  const found = target.liveSchema(schema);
  if (found === undefined) return [{ id, ok: false, detail: 'there is no such schema' }];
  const { colocationId } = found;
  if (kind === 'local') {
    const detail = colocationId === undefined ? 'not distributed as a whole' : 'distributed as a whole';
    return [{ id, ok: colocationId === undefined, detail }];
  }
  if (colocationId === undefined) return [{ id, ok: false, detail: 'not distributed, expected as a whole' }];
  const tables = target.tablesOf(schema);
  const apart = tables.filter(({ citus }) => citus.kind !== 'schema' || citus.colocationId !== colocationId);
  const nodes = new Set(
    tables.flatMap(({ citus }) =>
      citus.kind === 'schema' ? citus.placements.map(({ groupId }) => groupId) : [],
    ),
  );
  const whole = apart.length === 0 && nodes.size <= 1;
  const on = target.live.nodes.filter(({ groupId }) => nodes.has(groupId));
  const where = allOf(on.map(({ name, port }) => `${name}:${String(port)}`));
  return [
    {
      id,
      ok: whole,
      detail: [
        `distributed as colocation group ${String(colocationId)}, ${String(tables.length)} tables${on.length === 0 ? '' : ` on ${where}`}`,
        ...(apart.length === 0
          ? []
          : [`${allOf(apart.map(({ table }) => showTable(table)))} not among them`]),
        ...(nodes.size <= 1 ? [] : ['which should be on one node']),
      ].join(', '),
    },
    ...tables.flatMap((table) => [
      {
        id: `table:${showTable(table.table)}`,
        ok: table.citus.kind === 'schema',
        detail: describeKind(table.citus),
      },
      ...checkForeignKeys(target, table),
      ...checkPlacements(target.live, table),
      ...checkLeftovers(table),
    ]),
  ];
}

type Verdict = Omit<Check, 'id'>;

function checkKind(target: TargetState, wanted: ExpectedTable, { citus }: LiveTable): Verdict {
  const detail = describeKind(citus);
  if (wanted.kind === 'reference') return { ok: citus.kind === 'reference', detail };
  if (wanted.kind === 'local') return { ok: citus.kind === 'plain' || citus.kind === 'local', detail };
  if (citus.kind !== 'distributed') {
    return { ok: false, detail: `${detail}, expected distributed by ${wanted.distributeBy}` };
  }
  if (citus.column !== wanted.distributeBy) {
    return { ok: false, detail: `${detail}, expected by ${wanted.distributeBy}` };
  }
  if (wanted.colocateWith === undefined) {
    const right = citus.splitShards === true || citus.shardCount === target.expected.shardCount;
    return {
      ok: right,
      detail: right ? detail : `${detail}, expected ${String(target.expected.shardCount)} shards`,
    };
  }
  const root = target.groupRoot(wanted);
  const first = target.liveTable(root)?.citus;
  const beside = first?.kind === 'distributed' && first.colocationId === citus.colocationId;
  return {
    ok: beside,
    detail: `${detail}, ${beside ? '' : 'not '}colocated with ${showTable(root)}`,
  };
}

function describeKind(citus: CitusTable): string {
  switch (citus.kind) {
    case 'plain':
      return 'a plain table on the coordinator';
    case 'local':
      return 'local to the coordinator, known to Citus';
    case 'schema':
      return `part of a distributed schema, in a single shard of colocation group ${String(citus.colocationId)}`;
    case 'reference':
      return `a reference table, copied to ${String(citus.placements.length)} ${citus.placements.length === 1 ? 'node' : 'nodes'}`;
    case 'distributed':
      return `distributed by ${citus.column ?? 'nothing (one shard)'} in ${String(citus.shardCount)} shards${citus.splitShards === true ? ', some of them split' : ''}, colocation group ${String(citus.colocationId)}`;
  }
}

function checkKeys(target: TargetState, wanted: ExpectedTable, live: LiveTable): Check[] {
  if (wanted.kind !== 'distributed' || wanted.primaryKey === undefined) return [];
  const key = target.primaryKey(wanted.table);
  const ok = key !== undefined && sameColumns(key.columns, wanted.primaryKey);
  const is = key === undefined ? 'no primary key' : `primary key ${key.name} (${key.columns.join(', ')})`;
  return [
    {
      id: `primary-key:${showTable(live.table)}`,
      ok,
      detail: ok ? is : `${is}, expected (${wanted.primaryKey.join(', ')})`,
    },
  ];
}

function checkForeignKeys(target: TargetState, live: LiveTable): Check[] {
  return live.foreignKeys.map((key) => {
    const fault = foreignKeyFault(target, key);
    // What its owner never validated is as it should be; what a run dropped was validated, as its record says.
    const pending =
      !key.validated &&
      target.live.droppedForeignKeys.some(
        (dropped) => dropped.validated && foreignKeyId(dropped) === foreignKeyId(key),
      );
    const unvalidated = `in force for new rows, not validated${pending ? ' again yet' : ''}`;
    const state = key.validated ? 'in force and validated' : unvalidated;
    return {
      id: `foreign-key:${showTable(live.table)}:${key.name}`,
      ok: !pending && fault === undefined,
      ...(key.validated || pending ? {} : { warning: true }),
      detail: fault ?? `to ${showTable(key.references)}, ${state}`,
    };
  });
}

function checkPlacements(live: LiveDatabase, { table, citus }: LiveTable): Check[] {
  if (citus.kind === 'plain' || citus.kind === 'local') return [];
  const inactive = citus.placements.reduce((sum, each) => sum + each.inactive, 0);
  const on = live.nodes.map((node) => ({
    node,
    shards: citus.placements.find((each) => each.groupId === node.groupId)?.shards ?? 0,
  }));
  const spread = on
    .filter(({ node, shards }) => shards > 0 || node.shouldHaveShards)
    .map(({ node, shards }) => `${node.name}:${String(node.port)} ${String(shards)}`);
  // A distributed table may have fewer shards than there are nodes; a reference table is everywhere.
  const empty = on.filter(({ node, shards }) => node.active && node.shouldHaveShards && shards === 0);
  const couldSpread =
    citus.kind === 'reference' ||
    shardCountOf(citus) >= live.nodes.filter((node) => node.shouldHaveShards).length;
  const lopsided = empty.length > 0 && couldSpread;
  const names = allOf(empty.map(({ node }) => `${node.name}:${String(node.port)}`));
  return [
    {
      id: `placements:${showTable(table)}`,
      ok: inactive === 0,
      detail: [
        `shards per node: ${spread.join(', ')}`,
        ...(inactive === 0 ? [] : [`${String(inactive)} placements are not active`]),
        ...(lopsided ? [`none on ${names}: rebalance brings some there`] : []),
      ].join('; '),
      ...(lopsided ? { warning: true } : {}),
    },
  ];
}

/** A table of a distributed schema has a single shard. */
function shardCountOf(citus: CitusTable): number {
  return citus.kind === 'distributed' ? citus.shardCount : 1;
}

function checkLeftovers(live: LiveTable): Check[] {
  const index = live.keys.find((key) => key.kind === 'index' && key.name === keyIndexName(live.table));
  const checks = live.ownChecks.map((check) => check.name);
  const parts = [
    ...(hasLocalCopy(live)
      ? ['rows of the time before it was distributed are still on the coordinator']
      : []),
    ...(index === undefined ? [] : [`index ${index.name} of an unfinished run`]),
    ...(checks.length === 0 ? [] : [`check ${allOf(checks)} of an unfinished run`]),
  ];
  return [
    {
      id: `leftovers:${showTable(live.table)}`,
      ok: parts.length === 0,
      detail: parts.length === 0 ? 'none' : `${parts.join('; ')}: tables apply removes it`,
    },
  ];
}

function checkRecord(live: LiveDatabase): Check {
  const names = live.droppedForeignKeys.map((key) => `${key.name} of ${showTable(key.table)}`);
  return {
    id: 'dropped-foreign-keys',
    ok: names.length === 0,
    detail:
      names.length === 0
        ? 'none waits to be restored'
        : `${allOf(names)} still to be restored: tables apply does that`,
  };
}

/** Every table holds the rows it held before. Pure. */
export function compareFingerprints(
  before: readonly Fingerprint[],
  after: readonly Fingerprint[],
  notCounted: readonly NotCounted[] = [],
): Check[] {
  return before.map((was) => {
    const is = after.find((each) => sameTable(each.table, was.table));
    const hidden = notCounted.find((each) => sameTable(each.table, was.table));
    const id = `rows:${showTable(was.table)}`;
    if (hidden !== undefined) return { id, ok: true, warning: true, detail: hidden.reason };
    const rows = `${was.rows.toLocaleString('en-US')} rows`;
    if (is === undefined) return { id, ok: false, detail: `held ${rows}, and is gone` };
    if (is.rows !== was.rows) {
      return { id, ok: false, detail: `held ${rows}, holds ${is.rows.toLocaleString('en-US')} now` };
    }
    if (!isHashedAlike(was, is)) {
      const detail = `${rows} as before; not compared further, since an earlier version of this program hashed them otherwise`;
      return { id, ok: true, warning: true, detail };
    }
    const same = isSame(was, is);
    return {
      id,
      ok: same,
      detail: same ? `${rows}, the same as before` : `${rows} as before, but not the same ones`,
    };
  });
}

/** Tables that nobody could count after the run either. */
function checkUncounted(uncounted: readonly NotCounted[], counted: readonly Fingerprint[]): Check[] {
  return uncounted
    .filter(({ table }) => !counted.some((each) => sameTable(each.table, table)))
    .map(({ table, reason }) => ({
      id: `rows:${showTable(table)}`,
      ok: true,
      warning: true,
      detail: `not compared: the receipt has no count of it, as it was ${reason}`,
    }));
}

const NOT_COUNTED: Check = {
  id: 'rows',
  ok: true,
  warning: true,
  detail: 'not compared: the receipt is of a run that counted none (--no-compare-rows)',
};

/** What is as the run left it, and was other than the run found it, is worth a note. Pure. */
export function withRun(check: Check, receipt: Receipt | undefined): Check {
  const run = receipt?.compared?.rows.find(({ table, same }) => !same && check.id === `rows:${table}`);
  if (run === undefined) return check;
  const before = run.before.rows.toLocaleString('en-US');
  return {
    ...check,
    warning: true,
    detail: `${check.detail}; before the run it held other rows (${before})`,
  };
}

/** All but the rows against a receipt; those are compared with the counts of everybody who counted. */
async function checkReceipt(
  client: Client,
  subject: Omit<ObservationSubject, 'countRows' | 'askViews'>,
  live: LiveDatabase,
  receipt: Receipt,
  around: ObservationContext,
): Promise<Check[]> {
  const { before, after } = receipt;
  // Writers may change rows and answers during a run; keys and indexes were there before it, whatever became of them.
  const first = before ?? after;
  const { tables, all } = await withRecorded(client, subject.expected, live, first);
  const askViews = after.views?.some(({ answer }) => 'rows' in answer) ?? false;
  const now = await observe({ ...subject, countRows: false, askViews, tables }, all, around);
  const beforeRun = new Map(compareAnswers(first.answers, now.answers).map((each) => [each.query, each]));
  return [
    ...(after.rows.length + (after.notCounted ?? []).length > 0 || subject.expected.tables.length === 0
      ? []
      : [NOT_COUNTED]),
    ...compareAnswers(after.answers, now.answers).map((compared) =>
      checkAnswer(compared, beforeRun.get(compared.query)),
    ),
    ...compareObjects(recordedObjects(first), now.objects).map(checkObjects),
    ...compareSequences(after.sequences ?? [], now.sequences ?? []).map(checkSequence),
    ...compareViews(after.views ?? [], now.views ?? []).map(checkViewAnswer),
    ...compareViews(first.views ?? [], now.views ?? []).map(checkViewObjects),
  ];
}

/** An answer is held against how the run left it, and is as good where it is again as the run found it. */
function checkAnswer({ query, same, detail }: AnswerCompared, beforeRun: AnswerCompared | undefined): Check {
  const id = `answer:${query}`;
  if (same === false && beforeRun?.same === true) {
    return { id, ok: true, detail: `${beforeRun.detail} the run, which left another answer` };
  }
  if (same === true && beforeRun?.same === false) {
    return {
      id,
      ok: true,
      warning: true,
      detail: `${detail}; against the time before the run: ${beforeRun.detail}`,
    };
  }
  return { id, ...verdictOf(same, detail) };
}

/** @param same null where there was nothing to compare */
function verdictOf(same: boolean | null, detail: string): Verdict {
  return { ok: same !== false, detail, ...(same === null ? { warning: true } : {}) };
}

function checkObjects(compared: ObjectsCompared): Check {
  const { table, same, objects } = compared;
  return {
    id: `objects:${table}`,
    ok: same,
    detail: same ? `all ${String(objects)} of before are as they were` : describeObjects(compared),
  };
}

function checkSequence({ table, column, sequence, same, detail }: SequenceCompared): Check {
  return { id: `sequence:${table}:${column}`, ...verdictOf(same, `${sequence} ${detail}`) };
}

function checkViewAnswer({ view, same, detail }: ViewCompared): Check {
  return { id: `rows:${view}`, ...verdictOf(same, detail) };
}

function checkViewObjects(compared: ViewCompared): Check {
  const { view, objects, gone, different } = compared;
  const same = gone.length + different.length === 0;
  return {
    id: `objects:${view}`,
    ok: same,
    detail: same ? `all ${String(objects)} of before are as they were` : describeViewObjects(compared),
  };
}

/** What a query of all shards may come to: the groups that were split have shards of their own number. */
function shardCounts({ shardCount }: Distribution, { tables }: LiveDatabase): number[] {
  const split = tables.flatMap(({ citus }) =>
    citus.kind === 'distributed' && citus.splitShards === true ? [citus.shardCount] : [],
  );
  return [...new Set([shardCount, ...split])];
}

async function checkQuery(
  client: Client,
  query: WorkloadQuery,
  shardCounts: readonly number[],
): Promise<Check> {
  const id = `query:${query.name}`;
  try {
    const tasks = await taskCount(client, query.sql, query.role);
    const { expectedTasks } = query;
    const expected =
      expectedTasks === 'all' ? shardCounts : expectedTasks === undefined ? [] : [expectedTasks];
    const detail = tasks === undefined ? 'not distributed' : `Task Count: ${String(tasks)}`;
    const ok = expected.length === 0 || expected.some((each) => each === tasks);
    return { id, ok, detail: ok ? detail : `${detail}, expected ${expected.join(' or ')}` };
  } catch (error) {
    if (!isServerError(error)) throw error;
    return { id, ok: false, detail: `cannot be planned: ${describeServerError(error)}` };
  }
}
