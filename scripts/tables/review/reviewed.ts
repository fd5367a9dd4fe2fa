import type { Distribution } from '../../../config/workload/distribution-types';
import { refused } from '../../lib/errors';
import { foreignKeyId } from '../../database/target/foreign-keys';
import type { LiveDatabase, LiveForeignKey } from '../../database/model/live';
import { isOwnName, sameTable, showTable } from '../../database/model/names';
import { planTables } from '../plan/plan';
import type { TablesPlan } from '../plan/plan';
import type { Contingency, StepAction, TablesStep } from '../../database/model/step';
import type { SealedPlan } from './plan-file';
import {
  compareSnapshots,
  describeChange,
  foreignKeyHash,
  foreignKeySubject,
  recordSubject,
  schemaSubject,
  takeSnapshot,
} from '../../database/model/snapshot';
import type { Change, Snapshot } from '../../database/model/snapshot';

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
  const foreign = changes.filter(
    (change) => !begun || !isExplainedByRun(change, reviewed.snapshot, so, live),
  );
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
  const places = new Map(now.steps.map((step) => [step, placeOf(step)]));
  const steps = now.steps
    .filter((step) => places.get(step) !== undefined)
    .sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
  const needed = new Set([...places.values()].map((place) => Math.ceil(place ?? -1)));
  const first = Math.min(...[...needed].filter((place) => place >= 0), reviewed.length);
  return {
    steps,
    beyond: now.steps.filter((step) => places.get(step) === undefined),
    done: reviewed.slice(0, first),
    ...(reviewed[first] === undefined ? {} : { next: reviewed[first] }),
    outOfTurn: reviewed.filter(
      ({ action }, place) => place > first && !needed.has(place) && !MAY_BECOME_NEEDLESS.has(action),
    ),
  };
}

/** Citus takes the rows of a table along when it turns it, and then no copy of them is left behind. */
const MAY_BECOME_NEEDLESS: ReadonlySet<StepAction> = new Set(['truncate-local-copy']);

/**
 * Where in a reviewed plan a step stands, a contingency just before the step that it is for; undefined where it does not. A look at
 * every one of thousands of steps has to be quick, so they are found by their ids.
 */
function placesIn(reviewed: readonly TablesStep[]): (step: TablesStep) => number | undefined {
  const steps = new Map(reviewed.map((step, place) => [step.id, { step, place }]));
  const contingencies = new Map(
    reviewed.flatMap(({ contingencies: all = [] }, place) =>
      all.map((contingency) => [contingency.id, { contingency, place }] as const),
    ),
  );
  return (step) => {
    const same = steps.get(step.id);
    if (same !== undefined && isCovered(step, same.step) && otherClaims(step, same.step).length === 0)
      return same.place;
    const instead = contingencies.get(step.id);
    return instead !== undefined && sameStatements(instead.contingency.sql, step.sql)
      ? instead.place - 0.5
      : undefined;
  };
}

/**
 * What a step may leave out of what was reviewed, and never more: a comment that is there all the same, for which its record is the
 * evidence, the project's schema where something else is in it by then, such as the record of the rows, and what keeps a table
 * known to Citus where a step before has done that for all that foreign keys connect with it.
 */
const MAY_BE_LEFT_OUT: Partial<Record<StepAction, RegExp>> = {
  'restore-comments': /^COMMENT ON /,
  'remove-record': /^DROP SCHEMA scaleout$/,
  'drop-foreign-key': /^SELECT citus_add_local_table_to_metadata\(/,
};

/** Whether every statement was reviewed for this step, in this order, and nothing is left out that may not be. */
function isCovered({ action, sql }: TablesStep, reviewed: TablesStep): boolean {
  if (reviewed.action !== action) return false;
  const mayGo = MAY_BE_LEFT_OUT[action];
  let next = 0;
  for (const statement of reviewed.sql) {
    if (sql[next] === statement) next += 1;
    else if (mayGo?.test(statement) !== true) return false;
  }
  return next === sql.length;
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

/** They turn all tables of the schema that they name. */
const TURNS_SCHEMA: ReadonlySet<StepAction> = new Set(['distribute-schema', 'undistribute-schema']);
const PLACES: ReadonlySet<StepAction> = new Set([
  'convert-to-citus-local',
  'create-reference-table',
  'distribute',
  'undistribute',
  'alter-distribution',
  'change-colocation',
]);
/** Where foreign keys lead to a reference table, Citus knows both ends; it turns tables local, and plain again, accordingly. */
const TURNS_NEIGHBOURS: ReadonlySet<StepAction> = new Set([
  'create-reference-table',
  'undistribute',
  'undistribute-schema',
  'drop-foreign-key',
  'restore-foreign-key',
]);

/** Whether the steps that a broken-off run of the plan took explain the change. What no step of them does, somebody else did. */
function isExplainedByRun(
  change: Change,
  before: Snapshot,
  { done, next }: Pick<Remaining, 'done' | 'next'>,
  live: LiveDatabase,
): boolean {
  const { table, subject } = change;
  const keys = [...live.droppedForeignKeys, ...live.tables.flatMap(({ foreignKeys }) => foreignKeys)];
  const foreignKey = keys.find((key) =>
    table === '' ? recordSubject(key) === subject : isFactOf(key, table, subject),
  );
  if (foreignKey !== undefined) return isTransitionalState(foreignKey, before, done, live);
  const turned = done.filter((step) => TURNS_SCHEMA.has(step.action)).map((step) => step.table);
  if (table === '' && turned.some((schema) => schemaSubject(schema) === subject)) return true;
  const now = live.tables.find((each) => showTable(each.table) === table);
  if (now === undefined || subject === '') return false;
  // The step whose turn it is may have been broken off half-way: an index that is invalid, a table that is local.
  const started = next === undefined ? done : [...done, next];
  const did = (...actions: StepAction[]): boolean =>
    done.some((step) => step.table === table && actions.includes(step.action));
  const [about = '', ...rest] = subject.split(' ');
  const name = rest.join(' ');
  switch (about) {
    case 'citus':
    case 'rows':
      return (
        did(...PLACES) ||
        turned.includes(now.table.schema) ||
        ((now.citus.kind === 'local' || now.citus.kind === 'plain') &&
          started.some(
            (step) =>
              TURNS_NEIGHBOURS.has(step.action) || (step.action === 'distribute' && step.table === table),
          ))
      );
    case 'checks':
      return did('add-not-null-check', 'validate-not-null-check', 'set-not-null');
    case 'not-null':
      return done.some((step) => step.id === `set-not-null:${table}:${name}`);
    case 'key':
    case 'index':
    case 'constraint':
      if (isOwnName(name)) {
        return (
          did('drop-leftover-index', 'add-not-null-check', 'validate-not-null-check', 'set-not-null') ||
          started.some((step) => step.id === `build-key-index:${table}`)
        );
      }
      return (
        did('replace-primary-key') && now.keys.some((key) => key.kind === 'primary' && key.name === name)
      );
    default:
      return false;
  }
}

function isFactOf(key: LiveForeignKey, table: string, subject: string): boolean {
  return showTable(key.table) === table && foreignKeySubject(key) === subject;
}

/**
 * Whether a foreign key is somewhere on the way that ours go: in force, recorded and gone, in force again without being validated
 * while it is still recorded, in force as it was. Anything else under its name is another foreign key.
 */
function isTransitionalState(
  key: LiveForeignKey,
  before: Snapshot,
  done: readonly TablesStep[],
  live: LiveDatabase,
): boolean {
  const table = showTable(key.table);
  if (!done.some(({ id }) => FOREIGN_KEY_STEPS.some((action) => id === `${action}:${table}:${key.name}`)))
    return false;
  const reviewed = [before[table]?.[foreignKeySubject(key)], before['']?.[recordSubject(key)]];
  const record = live.droppedForeignKeys.find((each) => foreignKeyId(each) === foreignKeyId(key));
  const twin = live.tables
    .find((each) => sameTable(each.table, key.table))
    ?.foreignKeys.find(({ name }) => name === key.name);
  if (record !== undefined && !reviewed.includes(foreignKeyHash(record))) return false;
  if (twin === undefined) return record !== undefined;
  if (reviewed.includes(foreignKeyHash(twin))) return true;
  return record !== undefined && foreignKeyHash(asValidated(twin)) === foreignKeyHash(record);
}

const FOREIGN_KEY_STEPS: readonly StepAction[] = [
  'drop-foreign-key',
  'restore-foreign-key',
  'validate-foreign-key',
  'forget-foreign-key',
];

function asValidated(key: LiveForeignKey): LiveForeignKey {
  return { ...key, validated: true, definition: key.definition.replace(/ NOT VALID$/, '') };
}
