import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Distribution } from '../../config/distribution-types';
import { errorCode, refused, ScaleoutError } from '../lib/errors';
import type { LiveDatabase } from './live';
import type { TablesPlan, TablesStep } from './plan';
import {
  canonical,
  compareSnapshots,
  couldBeOurs,
  describeChange,
  digest,
  snapshotHash,
  takeSnapshot,
} from './snapshot';
import type { Snapshot } from './snapshot';

/** A plan that can be reviewed in one place and applied in another: it carries what it was made from. */
export interface SealedPlan extends TablesPlan {
  /** The specification it leads to. */
  readonly expected: Distribution;
  /** The database it was made for; `observed` is its hash. */
  readonly snapshot: Snapshot;
  /** SHA-256 over all the rest: a file that was edited shows it. No signature: who can edit can also plan. */
  readonly digest: string;
}

/** Adds to a plan what binds it to its database and to its own content. Pure. */
export function sealPlan(plan: TablesPlan, expected: Distribution, live: LiveDatabase): SealedPlan {
  const content = { ...plan, expected, snapshot: takeSnapshot(live) };
  return { ...content, digest: contentDigest(content) };
}

function contentDigest(content: object): string {
  return `sha256:${digest(canonical(content))}`;
}

/** @throws ScaleoutError where the file cannot be written */
export function writePlan(file: string, plan: SealedPlan): void {
  try {
    writeFileSync(file, `${JSON.stringify(plan, undefined, 2)}\n`);
  } catch (error) {
    throw new ScaleoutError(
      `the plan cannot be written to ${file} (${errorCode(error) ?? 'unknown'}): name a file in a directory that exists and may be written to`,
      { cause: error },
    );
  }
}

const tableName = z.object({ schema: z.string(), name: z.string() });

/** As deep as this program reads it; the digest vouches for the rest. */
const sealed = z.looseObject({
  formatVersion: z.literal(1),
  observed: z.string(),
  steps: z.array(z.looseObject({ id: z.string(), sql: z.array(z.string()) })),
  expected: z.looseObject({ tables: z.array(z.looseObject({ kind: z.string(), table: tableName })) }),
  snapshot: z.record(z.string(), z.record(z.string(), z.string())),
  digest: z.string(),
});

/**
 * Reads what {@link writePlan} wrote.
 *
 * @throws ScaleoutError where it is no plan of this format; refused where it was edited since
 */
export function readPlan(file: string): SealedPlan {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ScaleoutError(
      `the plan ${file} cannot be read (${errorCode(error) ?? 'unknown'}): name a file that "tables plan --out" wrote`,
      { cause: error },
    );
  }
  const content = parsed(text);
  const version = z.looseObject({ formatVersion: z.unknown() }).safeParse(content).data?.formatVersion;
  if (typeof version === 'number' && version !== 1) {
    throw new ScaleoutError(
      `the plan ${file} has formatVersion ${String(version)}, and this program reads 1: plan again with this program`,
    );
  }
  if (!sealed.safeParse(content).success) {
    throw new ScaleoutError(
      `${file} is not a plan that can be applied: make one with "tables plan --out ${file}"`,
    );
  }
  const plan = content as SealedPlan;
  const { digest: claimed, ...rest } = plan;
  if (claimed !== contentDigest(rest) || plan.observed !== snapshotHash(plan.snapshot)) {
    throw refused(
      `the plan ${file} was edited since it was made: its content does not have the digest it carries. A plan is applied as it was reviewed; ` +
        'change the specification instead, and plan again. Nothing was changed',
    );
  }
  return plan;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How many changes a refusal names. */
const NAMED = 8;

/**
 * Holds what would be done against what was reviewed. A database that nobody touched passes, and so does one on which a run of the
 * same plan was broken off: there every step left is one of the plan, and nothing differs that no step of it changes.
 *
 * @throws ScaleoutError (refused) that names what changed
 */
export function requireReviewed(reviewed: SealedPlan, now: TablesPlan, live: LiveDatabase): void {
  if (now.steps.length === 0) return;
  const changes = compareSnapshots(reviewed.snapshot, takeSnapshot(live));
  const started = now.steps.length < reviewed.steps.length && stepsBeyond(reviewed, now).length === 0;
  const foreign = started ? changes.filter((change) => !couldBeOurs(change, live)) : changes;
  if (foreign.length === 0) return;
  const named = foreign.slice(0, NAMED).map(describeChange);
  const more = foreign.length > NAMED ? `, and ${String(foreign.length - NAMED)} more` : '';
  throw refused(
    `the database is not the one this plan was made for: ${named.join(', ')}${more}. Plan again and review that; nothing was changed`,
  );
}

/**
 * The same while a run is under way: whatever comes next must be in the plan as it was reviewed.
 *
 * @param done what was changed so far, as the end of a sentence
 * @throws ScaleoutError (refused)
 */
export function requireNothingBeyond(reviewed: SealedPlan, now: TablesPlan, done: string): void {
  const beyond = stepsBeyond(reviewed, now);
  if (beyond.length === 0) return;
  throw refused(
    `the database changed while the plan was applied, and ${beyond.join(', ')} would be needed, which the plan does not have. Plan again and review that; ${done}`,
  );
}

/** They only keep what is written on things; which comments are in danger shows as tables turn, and they touch nothing else. */
const KEEPS_COMMENTS: ReadonlySet<string> = new Set(['record-comments', 'restore-comments', 'remove-record']);

function stepsBeyond(reviewed: SealedPlan, now: TablesPlan): string[] {
  const known = new Map(reviewed.steps.map((step) => [step.id, step.sql.join('\n')]));
  return now.steps
    .filter(
      (step) =>
        known.get(step.id) !== step.sql.join('\n') &&
        !sparesCopy(step, known) &&
        !KEEPS_COMMENTS.has(step.action),
    )
    .map((step) => step.id);
}

/** The plan copies a table to bring it into its group, and by now the shards turn out to be alike: the same end without a copy. */
function sparesCopy({ id, action }: TablesStep, known: ReadonlyMap<string, string>): boolean {
  return action === 'change-colocation' && known.has(id.replace(action, 'alter-distribution'));
}
