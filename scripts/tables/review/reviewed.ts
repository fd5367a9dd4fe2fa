import type { Distribution, TableName } from '../../../config/workload/distribution-types';
import { refused } from '../../lib/errors';
import { foreignKeyId } from '../../database/target/foreign-keys';
import type { LiveDatabase, LiveForeignKey, LiveTable } from '../../database/model/live';
import { keyIndexName, notNullCheckName, sameTable, showTable } from '../../database/model/names';
import { planTables } from '../plan/plan';
import type { TablesPlan } from '../plan/plan-document';
import { actsOn } from '../../database/model/step';
import type { Contingency, TablesStep, TableTarget } from '../../database/model/step';
import { stepKind } from '../../database/model/step-kinds';
import type { StepEffect } from '../../database/model/step-kinds';
import type { SealedPlan } from './plan-file';
import {
  CHECKS_SUBJECT,
  compareSnapshots,
  describeChange,
  foreignKeyHash,
  foreignKeySubject,
  keySubjects,
  notNullSubject,
  PLACEMENT_SUBJECTS,
  recordSubject,
  schemaSubject,
  takeSnapshot,
} from '../../database/model/snapshot';
import type { Snapshot } from '../../database/model/snapshot';

/** What a plan was reviewed for, of all that {@link SealedPlan} carries. */
type Reviewed = Pick<SealedPlan, 'steps' | 'snapshot'>;

/** How many changes a refusal names. */
const NAMED = 8;

/**
 * Holds what would be done against what was reviewed. A database that nobody touched passes, and so does one on which a run of the
 * same plan was broken off: there the steps left are the last of the plan, and nothing differs but what the steps before them
 * change. Pure.
 *
 * @param begun a run was begun and has not come to its end: its record of what there was before is there. Without one, no change is
 *   of a run, not even what a step would have done
 * @returns the steps left, in the order in which they were reviewed
 * @throws ScaleoutError (refused) that names what changed
 */
export function requireReviewed(
  reviewed: Reviewed,
  now: TablesPlan,
  live: LiveDatabase,
  begun: boolean,
): TablesPlan {
  if (now.steps.length === 0) return now;
  const left = remaining(reviewed, now);
  requireUnchanged(reviewed, left, live, begun);
  if (left.beyond.length > 0) {
    throw refused(
      'tables.plan-outdated',
      `the database is not the one this plan was made for: ${describeBeyond(reviewed, left.beyond)}. Plan again and review that; nothing was changed`,
    );
  }
  if (left.outOfTurn.length > 0) {
    throw refused(
      'tables.plan-outdated',
      `the database is not the one this plan was made for: somebody did ${left.outOfTurn.map(({ id }) => id).join(', ')} before it was the turn of that. ` +
        'Plan again and review that; nothing was changed',
    );
  }
  return { ...now, steps: left.steps };
}

/**
 * Plans what is left of a reviewed plan, see {@link requireReviewed}. That the database changed since is said before that the
 * specification does not fit it any more. Pure.
 *
 * @throws ScaleoutError (refused) that names what changed; one with every fault where nothing did
 */
export function planAsReviewed(
  reviewed: Reviewed,
  expected: Distribution,
  live: LiveDatabase,
  begun: boolean,
): TablesPlan {
  let now: TablesPlan;
  try {
    now = planTables(expected, live);
  } catch (error) {
    // How far a run came cannot be told without a plan of what is left; so all that its steps do is taken for theirs.
    requireUnchanged(reviewed, { done: reviewed.steps }, live, begun);
    throw error;
  }
  return requireReviewed(reviewed, now, live, begun);
}

function requireUnchanged(
  reviewed: Reviewed,
  so: Pick<Remaining, 'done' | 'next'>,
  live: LiveDatabase,
  begun: boolean,
): void {
  const changes = compareSnapshots(reviewed.snapshot, takeSnapshot(live));
  const explained = begun ? explainedByRun(reviewed.snapshot, so, live) : new Set<string>();
  const foreign = changes.filter((change) => !explained.has(changeKey(change.table, change.subject)));
  if (foreign.length === 0) return;
  const named = foreign.slice(0, NAMED).map(describeChange);
  const more = foreign.length > NAMED ? `, and ${String(foreign.length - NAMED)} more` : '';
  throw refused(
    'tables.plan-outdated',
    `the database is not the one this plan was made for: ${named.join(', ')}${more}. Plan again and review that; nothing was changed`,
  );
}

/**
 * The same while a run is under way: whatever comes next must be in the plan as it was reviewed, SQL and all.
 *
 * @param done what was changed so far, as the end of a sentence
 * @returns the steps left, in the order in which they were reviewed
 * @throws ScaleoutError (refused)
 */
export function requireNothingBeyond(reviewed: Reviewed, now: TablesPlan, done: string): TablesPlan {
  const { steps, beyond } = remaining(reviewed, now);
  if (beyond.length > 0) {
    throw refused(
      'tables.plan-outdated',
      `the database changed while the plan was applied: ${describeBeyond(reviewed, beyond)}. Plan again and review that; ${done}`,
    );
  }
  return { ...now, steps };
}

function describeBeyond({ steps }: Reviewed, beyond: readonly TablesStep[]): string {
  return beyond
    .slice(0, NAMED)
    .map((each) => {
      const reviewed = steps.find(({ id }) => id === each.id);
      if (reviewed === undefined) return `${each.id} would be needed, which the plan does not have`;
      if (!isCovered(each, reviewed)) return `${each.id} would run other SQL than was reviewed`;
      return `${each.id} says of itself what was reviewed otherwise (${otherClaims(each, reviewed).join(', ')})`;
    })
    .join(', ');
}

/** A reviewed plan, divided by what the database needs now. */
interface Remaining {
  /** Needed and reviewed, in the order of the review. */
  readonly steps: readonly TablesStep[];
  /** Needed and not reviewed: no such step, not with this SQL, or as another than it is. */
  readonly beyond: readonly TablesStep[];
  /** Reviewed, before all that are needed. */
  readonly done: readonly TablesStep[];
  /** The step whose turn it is, as it was reviewed. */
  readonly next?: TablesStep;
  /** Reviewed and not needed any more, although steps before them are. */
  readonly outOfTurn: readonly TablesStep[];
}

function remaining({ steps: reviewed }: Pick<Reviewed, 'steps'>, now: TablesPlan): Remaining {
  const placeOf = placesIn(reviewed);
  const found = now.steps
    .flatMap((step) => {
      const place = placeOf(step);
      return place === undefined ? [] : [{ step, ...place }];
    })
    .sort((a, b) => a.index - b.index || Number(b.isContingency) - Number(a.isContingency));
  const covered = new Set(found.map(({ step }) => step));
  const needed = new Set(found.map(({ index }) => index));
  const first = found[0]?.index ?? reviewed.length;
  return {
    steps: found.map(({ step }) => step),
    beyond: now.steps.filter((step) => !covered.has(step)),
    done: reviewed.slice(0, first),
    ...(reviewed[first] === undefined ? {} : { next: reviewed[first] }),
    outOfTurn: reviewed.filter(
      (step, index) => index > first && !needed.has(index) && stepKind(step).mayBecomeNeedless !== true,
    ),
  };
}

/** Where a step stands in a reviewed plan. */
interface Place {
  readonly index: number;
  /** It is a contingency of the step there, and comes before it. */
  readonly isContingency: boolean;
}

/**
 * Where in a reviewed plan a step stands; undefined where it does not. A look at every one of thousands of steps has to be quick, so they
 * are found by their ids.
 */
function placesIn(reviewed: readonly TablesStep[]): (step: TablesStep) => Place | undefined {
  const steps = new Map(reviewed.map((step, index) => [step.id, { step, index }]));
  const contingencies = new Map(
    reviewed.flatMap(({ contingencies: all = [] }, index) =>
      all.map((contingency) => [contingency.id, { contingency, index }] as const),
    ),
  );
  return (step) => {
    const same = steps.get(step.id);
    if (same !== undefined && isCovered(step, same.step) && otherClaims(step, same.step).length === 0)
      return { index: same.index, isContingency: false };
    const instead = contingencies.get(step.id);
    return instead !== undefined && sameStatements(instead.contingency.sql, step.sql)
      ? { index: instead.index, isContingency: true }
      : undefined;
  };
}

/** Whether every statement was reviewed for this step, in this order, and nothing is left out that may not be. */
function isCovered(step: TablesStep, reviewed: TablesStep): boolean {
  if (reviewed.action !== step.action) return false;
  const { optionalStatement } = stepKind(step);
  let next = 0;
  for (const statement of reviewed.sql) {
    if (step.sql[next] === statement) next += 1;
    else if (optionalStatement?.test(statement) !== true) return false;
  }
  return next === step.sql.length;
}

/**
 * What a step says of itself, beside what it runs, and the review has otherwise: an answer to "do writes wait?" is worth no more than the
 * file it is read from. Its guess at rows may be another.
 */
function otherClaims(step: TablesStep, reviewed: TablesStep): string[] {
  // A step that finds every comment there says so.
  const mayTell = step.action === 'restore-comments' && step.sql.length < reviewed.sql.length;
  return [
    ...(mayTell || step.comment === reviewed.comment ? [] : ['comment']),
    ...(['blocksWrites', 'reversible', 'transaction'] as const).filter(
      (claim) => step[claim] !== reviewed[claim],
    ),
    ...(sameContingencies(step.contingencies ?? [], reviewed.contingencies ?? []) ? [] : ['contingencies']),
  ];
}

function sameContingencies(a: readonly Contingency[], b: readonly Contingency[]): boolean {
  return (
    a.length === b.length &&
    a.every((each, index) => {
      const other = b[index];
      return (
        other !== undefined &&
        each.id === other.id &&
        each.action === other.action &&
        each.comment === other.comment &&
        sameStatements(each.sql, other.sql)
      );
    })
  );
}

function sameStatements(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((statement, index) => statement === b[index]);
}

/**
 * The {@link changeKey}s of what the steps that a broken-off run took may have changed. What no step of them does, another session did.
 */
function explainedByRun(
  before: Snapshot,
  { done, next }: Pick<Remaining, 'done' | 'next'>,
  live: LiveDatabase,
): ReadonlySet<string> {
  const started = next === undefined ? done : [...done, next];
  const effects = [
    ...done.flatMap((step) => stepKind(step).changes.map((effect) => ({ step, effect }))),
    // The step whose turn it is may have been broken off half-way: an index that is invalid, a table that is local.
    ...started.flatMap((step) => (stepKind(step).changesHalfway ?? []).map((effect) => ({ step, effect }))),
  ];
  // Of all tables, whatever the step: once for thousands of them.
  const isConnected = effects.some(({ effect }) => effect === 'connected-conversions');
  return new Set([
    ...effects.flatMap(({ step, effect }) =>
      effect === 'connected-conversions' ? [] : SUBJECTS[effect](step, live, before),
    ),
    ...(isConnected ? live.tables.flatMap(conversionOf) : []),
  ]);
}

/** A change by what it is of: a subject of a table, or of the database under the empty name. */
function changeKey(table: string, subject: string): string {
  return JSON.stringify([table, subject]);
}

/** What an effect of a step changes, as {@link changeKey}s. */
const SUBJECTS: Record<
  Exclude<StepEffect, 'connected-conversions'>,
  (step: TablesStep, live: LiveDatabase, before: Snapshot) => readonly string[]
> = {
  placement: ({ target }, live) =>
    target.kind === 'table'
      ? placementOf(target)
      : [
          changeKey('', schemaSubject(target.schema)),
          ...live.tables.flatMap(({ table }) => (table.schema === target.schema ? placementOf(table) : [])),
        ],
  conversion: (step, live) => live.tables.filter(({ table }) => actsOn(step, table)).flatMap(conversionOf),
  'foreign-key': ({ target }, live, before) => {
    const of = target.kind === 'table' && target.foreignKey !== undefined ? target : undefined;
    if (of === undefined) return [];
    const key = { table: of, name: of.foreignKey ?? '' };
    return isTransitionalState(key, before, live)
      ? [changeKey(showTable(of), foreignKeySubject(key)), changeKey('', recordSubject(key))]
      : [];
  },
  'not-null-check': onTable(({ column = '' }) => [CHECKS_SUBJECT, ...keySubjects(notNullCheckName(column))]),
  'not-null': onTable(({ column = '' }) => [notNullSubject(column)]),
  'key-index': onTable((table) => keySubjects(keyIndexName(table))),
  'primary-key': onTable((table, live) =>
    live.tables
      .filter((each) => sameTable(each.table, table))
      .flatMap(({ keys }) => keys.filter(({ kind }) => kind === 'primary'))
      .flatMap(({ name }) => keySubjects(name)),
  ),
};

function onTable(
  subjects: (table: TableTarget, live: LiveDatabase) => readonly string[],
): (step: TablesStep, live: LiveDatabase) => readonly string[] {
  return ({ target }, live) =>
    target.kind === 'schema'
      ? []
      : subjects(target, live).map((subject) => changeKey(showTable(target), subject));
}

function placementOf(table: TableName): string[] {
  return PLACEMENT_SUBJECTS.map((subject) => changeKey(showTable(table), subject));
}

/** Citus knows a table of which it holds no shards, or has forgotten it. */
function conversionOf({ table, citus }: LiveTable): string[] {
  return citus.kind === 'local' || citus.kind === 'plain' ? placementOf(table) : [];
}

/**
 * Whether a foreign key is somewhere on the way that ours go: in force, recorded and gone, in force again without being validated
 * while it is still recorded, in force as it was. Anything else under its name is another foreign key.
 */
function isTransitionalState(
  key: Pick<LiveForeignKey, 'table' | 'name'>,
  before: Snapshot,
  live: LiveDatabase,
): boolean {
  const reviewed = [before[showTable(key.table)]?.[foreignKeySubject(key)], before['']?.[recordSubject(key)]];
  const record = live.droppedForeignKeys.find((each) => foreignKeyId(each) === foreignKeyId(key));
  const twin = live.tables
    .find((each) => sameTable(each.table, key.table))
    ?.foreignKeys.find(({ name }) => name === key.name);
  if (record !== undefined && !reviewed.includes(foreignKeyHash(record))) return false;
  if (twin === undefined) return record !== undefined;
  if (reviewed.includes(foreignKeyHash(twin))) return true;
  return record !== undefined && foreignKeyHash(asValidated(twin)) === foreignKeyHash(record);
}

function asValidated(key: LiveForeignKey): LiveForeignKey {
  return { ...key, validated: true, definition: key.definition.replace(/ NOT VALID$/, '') };
}
