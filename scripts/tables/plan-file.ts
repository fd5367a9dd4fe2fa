import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Distribution } from '../../config/distribution-types';
import { judgeFindings } from '../database/checks/allowances';
import type { JudgedFinding } from '../database/checks/allowances';
import { errorCode, refused, ScaleoutError } from '../lib/errors';
import type { LiveDatabase } from './live';
import type { TablesPlan } from './plan';
import { contentDigest, readWritten } from './sealed-file';
import { snapshotHash, takeSnapshot } from './snapshot';
import type { Snapshot } from './snapshot';

/** A plan that can be reviewed in one place and applied in another: it carries what it was made from. */
export interface SealedPlan extends TablesPlan {
  /** With what `expected.allow` says of each. */
  readonly findings: readonly JudgedFinding[];
  /** The specification it leads to. */
  readonly expected: Distribution;
  /** The database it was made for; `observed` is its hash. */
  readonly snapshot: Snapshot;
  /** SHA-256 over all the rest: a file that was edited shows it. No signature: who can edit can also plan. */
  readonly digest: string;
}

/** Adds to a plan what binds it to its database and to its own content. Pure. */
export function sealPlan(plan: TablesPlan, expected: Distribution, live: LiveDatabase): SealedPlan {
  const findings = judgeFindings(plan.findings, expected.allow ?? []);
  const content = { ...plan, findings, expected, snapshot: takeSnapshot(live) };
  return { ...content, digest: contentDigest(content) };
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
  const content = readWritten(file, 'plan', 'tables plan --out');
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
