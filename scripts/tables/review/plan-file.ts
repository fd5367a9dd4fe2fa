import { z } from 'zod';
import type { Distribution } from '../../../config/workload/distribution-types';
import { judgeFindings } from '../../database/checks/allowances';
import type { JudgedFinding } from '../../database/checks/allowances';
import { describeDatabase, identitySchema, isSameCluster } from '../../database/observe/identity';
import type { DatabaseIdentity } from '../../database/observe/identity';
import { refused, ScaleoutError } from '../../lib/errors';
import type { DiskNeed } from '../plan/disk';
import { sizesSchema } from './growth';
import type { TableSizes } from './growth';
import type { LiveDatabase } from '../../database/model/live';
import { showTable } from '../../database/model/names';
import type { TablesPlan } from '../plan/plan-document';
import { contentDigest, isIntact } from '../../lib/digest';
import { readWritten, writeWhole } from './sealed-file';
import type { SealedKind } from './sealed-file';
import { snapshotHash, takeSnapshot } from '../../database/model/snapshot';
import type { Snapshot } from '../../database/model/snapshot';

/** A plan that can be reviewed in one place and applied in another: it carries what it was made from. */
export interface SealedPlan extends TablesPlan {
  /** With what `expected.allow` says of each. */
  readonly findings: readonly JudgedFinding[];
  /** The specification it leads to. */
  readonly expected: Distribution;
  /** The database it was made for; `observed` is its hash. */
  readonly snapshot: Snapshot;
  /** Of which cluster it is. */
  readonly database: DatabaseIdentity;
  /** How large its tables were. */
  readonly sizes: TableSizes;
  /** What a run needs of the nodes' disks; absent where it copies no rows, and in the plans of earlier versions. */
  readonly disk?: DiskNeed;
  /** Tables of the database that the specification does not name; absent in the plans of earlier versions. */
  readonly unnamedTables?: readonly string[];
  /** SHA-256 over all the rest: a file that was edited shows it. No signature: who can edit can also plan. */
  readonly digest: string;
}

/** Adds to a plan what binds it to its database and to its own content. Pure. */
export function sealPlan(
  plan: TablesPlan,
  expected: Distribution,
  live: LiveDatabase,
  of: Pick<SealedPlan, 'database' | 'sizes' | 'disk'>,
): SealedPlan {
  const findings = judgeFindings(plan.findings, expected.allow ?? []);
  const unnamedTables = live.unnamedTables.map(showTable);
  const content = { ...plan, findings, expected, snapshot: takeSnapshot(live), ...of, unnamedTables };
  return { ...content, digest: contentDigest(content) };
}

const marks = z.looseObject({
  formatVersion: z.number(),
  steps: z.array(z.unknown()),
  snapshot: z.looseObject({}),
  digest: z.string(),
});

export const PLAN_FILE: SealedKind = {
  what: 'plan',
  writtenBy: 'tables plan --out',
  looksLike: (content) => marks.safeParse(content).success,
};

/** Whole or not at all. @throws ScaleoutError where the file cannot be written */
export function writePlan(file: string, plan: SealedPlan): void {
  writeWhole(file, plan, PLAN_FILE.what, 'no plan was written');
}

const tableName = z.object({ schema: z.string(), name: z.string() });

/** A plan without these was made before steps named them. */
const targeted = z.looseObject({
  steps: z.array(
    z.looseObject({
      target: z.discriminatedUnion('kind', [
        tableName.extend({ kind: z.literal('table') }),
        z.object({ kind: z.literal('schema'), schema: z.string() }),
      ]),
    }),
  ),
});

/** As deep as this program reads it; the digest vouches for the rest. */
const sealed = z.looseObject({
  formatVersion: z.literal(1),
  observed: z.string(),
  steps: z.array(z.looseObject({ id: z.string(), sql: z.array(z.string()) })),
  expected: z.looseObject({ tables: z.array(z.looseObject({ kind: z.string(), table: tableName })) }),
  snapshot: z.record(z.string(), z.record(z.string(), z.string())),
  database: identitySchema,
  sizes: sizesSchema,
  digest: z.string(),
});

/**
 * Reads what {@link writePlan} wrote.
 *
 * @throws ScaleoutError where it is no plan of this format; refused where it was edited since
 */
export function readPlan(file: string): SealedPlan {
  const content = readWritten(file, PLAN_FILE);
  const version = z.looseObject({ formatVersion: z.unknown() }).safeParse(content).data?.formatVersion;
  if (typeof version === 'number' && version !== 1) {
    throw new ScaleoutError(
      'file.wrong-version',
      `the plan ${file} has formatVersion ${String(version)}, and this program reads 1: plan again with this program`,
    );
  }
  if (!sealed.safeParse(content).success) {
    throw new ScaleoutError(
      'file.wrong-kind',
      `${file} is not a plan that can be applied: make one with "tables plan --out ${file}"`,
    );
  }
  const plan = content as SealedPlan;
  if (!isIntact(plan) || plan.observed !== snapshotHash(plan.snapshot)) {
    throw refused(
      'file.edited',
      `the plan ${file} was edited since it was made: its content does not have the digest it carries. A plan is applied as it was reviewed; ` +
        'change the specification instead, and plan again. Nothing was changed',
    );
  }
  if (!targeted.safeParse(content).success) {
    throw new ScaleoutError(
      'file.wrong-version',
      `the plan ${file} was made by an earlier version of this program: its steps do not say in a field "target" what they act on. ` +
        `Plan again with "tables plan --out ${file}" and review that; nothing was changed`,
    );
  }
  return plan;
}

/** @throws ScaleoutError (refused) where a plan was made for another cluster */
export function requirePlanOf(plan: Pick<SealedPlan, 'database'>, now: DatabaseIdentity): void {
  if (isSameCluster(plan.database, now)) return;
  throw refused(
    'cluster.other-database',
    `the plan was made for another cluster: for ${describeDatabase(plan.database)}, and this is ${describeDatabase(now)}. ` +
      'Name the database that it was made for, or plan again for this one and review that; nothing was changed',
  );
}
