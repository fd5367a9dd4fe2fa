import { explain, InterruptedError, ScaleoutError } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import type { Figure, Pair } from './figure';
import { figureOf } from './figure';
import { APPLY_PEER, applyUnavailable, measureApply, measureApplyWide } from './apply';
import { COPY_PEER, copyUnavailable, measureCopy } from './copy';
import { citusUnavailable } from './citus-cluster';
import { COMPARE_PEER, measureCompare } from './compare';
import { COMPARED_PEER, measureCompared } from './compared';
import type { BenchName } from './names';
import { measurePlan, PLAN_PEER, planUnavailable } from './plan';
import { LARGE_REBALANCE_BENCH, measureRebalance, REBALANCE_BENCH, REBALANCE_PEER } from './rebalance';
import { measureScaleFirst, SCALE_FIRST_PEER } from './scale-first';
import { measureSimulate, SIMULATE_PEER } from './simulate';
import { measureSynth } from './synth';
import { measureWritePause, WRITE_PAUSE_PEER } from './write-pause';

/** One comparison: what is measured against which peer, and how to take the pairs. */
export interface Bench {
  /** The peer, for people. */
  readonly against: string;
  /** Why it cannot run here; undefined where it can. */
  readonly unavailable: () => Promise<string | undefined>;
  readonly pairs: (context: VerbContext, runs: number) => Promise<Pair[]>;
  /** Pairs taken unless somebody asks for a number, where each takes minutes. @default 5 */
  readonly runs?: number;
}

/** Pairs taken unless somebody asks for another number. */
const RUNS = 5;

export const BENCHES: Readonly<Record<BenchName, Bench>> = {
  synth: {
    against: 'a CDKTF app of the same resources, written by hand',
    unavailable: () => Promise.resolve(undefined),
    pairs: (context, runs) => measureSynth(context.signal, runs),
  },
  copy: {
    against: COPY_PEER,
    unavailable: copyUnavailable,
    pairs: (context, runs) => measureCopy(context.signal, runs),
  },
  simulate: {
    against: SIMULATE_PEER,
    unavailable: () => Promise.resolve(undefined),
    pairs: (context, runs) => measureSimulate(context.signal, runs, 'exact'),
  },
  'simulate-sample': {
    against: SIMULATE_PEER,
    unavailable: () => Promise.resolve(undefined),
    pairs: (context, runs) => measureSimulate(context.signal, runs, 'sample'),
  },
  apply: {
    against: APPLY_PEER,
    unavailable: applyUnavailable,
    pairs: (context, runs) => measureApply(context, runs, false),
  },
  'apply-compared': {
    against: APPLY_PEER,
    unavailable: applyUnavailable,
    pairs: (context, runs) => measureApply(context, runs, true),
  },
  'apply-compared-whole': {
    against: COMPARED_PEER,
    unavailable: citusUnavailable,
    pairs: measureCompared,
  },
  compare: {
    against: COMPARE_PEER,
    unavailable: citusUnavailable,
    pairs: measureCompare,
    runs: 3,
  },
  'apply-wide': {
    against: APPLY_PEER,
    unavailable: applyUnavailable,
    pairs: measureApplyWide,
    runs: 3,
  },
  plan: {
    against: PLAN_PEER,
    unavailable: planUnavailable,
    pairs: measurePlan,
  },
  'scale-first': {
    against: SCALE_FIRST_PEER,
    unavailable: citusUnavailable,
    pairs: (context, runs) => measureScaleFirst(context, runs, false),
    runs: 1,
  },
  'scale-first-online': {
    against: SCALE_FIRST_PEER,
    unavailable: citusUnavailable,
    pairs: (context, runs) => measureScaleFirst(context, runs, true),
    runs: 1,
  },
  'write-pause': {
    against: WRITE_PAUSE_PEER,
    unavailable: citusUnavailable,
    pairs: (context, runs) => measureWritePause(context, runs, 1_000_000),
    runs: 3,
  },
  'write-pause-small': {
    against: WRITE_PAUSE_PEER,
    unavailable: citusUnavailable,
    pairs: (context, runs) => measureWritePause(context, runs, 10_000),
    runs: 3,
  },
  rebalance: {
    against: REBALANCE_PEER,
    unavailable: citusUnavailable,
    pairs: (context, runs) => measureRebalance(context, runs),
  },
  'rebalance-compared': {
    against: REBALANCE_PEER,
    unavailable: citusUnavailable,
    pairs: (context, runs) =>
      measureRebalance(context, runs, { ...REBALANCE_BENCH, budgets: [300], compareRows: true }),
    runs: 1,
  },
  'rebalance-large': {
    against: REBALANCE_PEER,
    unavailable: citusUnavailable,
    pairs: (context, runs) => measureRebalance(context, runs, LARGE_REBALANCE_BENCH),
    runs: 3,
  },
  'rebalance-large-parallel': {
    against: REBALANCE_PEER,
    unavailable: citusUnavailable,
    pairs: (context, runs) => measureRebalance(context, runs, { ...LARGE_REBALANCE_BENCH, maxParallel: 4 }),
    runs: 3,
  },
};

export interface BenchDocument {
  readonly formatVersion: 1;
  readonly figures: readonly Figure[];
  readonly skipped: readonly Omission[];
  /** What broke while it was measured; the others were taken all the same. */
  readonly failed: readonly Omission[];
}

/** A figure that is not there, and why. */
interface Omission {
  readonly name: string;
  readonly reason: string;
}

/**
 * Measures one figure, or all of them, ours and the peer's in turn.
 *
 * @param input.runs paired runs @default 5; 1 where a pair takes minutes
 * @throws ScaleoutError for a name that is none
 */
export async function bench(
  context: VerbContext,
  input: { readonly name?: string | undefined; readonly runs?: number | undefined },
  benches: Readonly<Record<string, Bench>> = BENCHES,
): Promise<VerbResult<BenchDocument>> {
  const names = Object.keys(benches);
  if (input.name !== undefined && !names.includes(input.name)) {
    throw new ScaleoutError(
      'input.invalid',
      `there is no bench "${input.name}": choose one of ${names.join(', ')}, or name none for all`,
    );
  }
  const figures: Figure[] = [];
  const skipped: Omission[] = [];
  const failed: Omission[] = [];
  for (const [name, { against, unavailable, pairs, runs: usual = RUNS }] of Object.entries(benches)) {
    if (input.name !== undefined && input.name !== name) continue;
    const reason = await unavailable();
    if (reason !== undefined) {
      skipped.push({ name, reason });
      continue;
    }
    const runs = input.runs ?? usual;
    context.reporter.info(`${name}: ${String(runs)} ${runs === 1 ? 'run' : 'runs'} in turn with ${against}`);
    try {
      figures.push(figureOf(name, against, await pairs(context, runs)));
    } catch (error) {
      // What was measured before it took minutes, and what comes after it may still be measured.
      const goesOn = error instanceof ScaleoutError && !(error instanceof InterruptedError);
      if (input.name !== undefined || !goesOn) throw error;
      context.reporter.warn(`${name}: ${explain(error)}`);
      failed.push({ name, reason: explain(error) });
    }
  }
  const lines = [
    ...figures.map(
      ({ name, ratio, spread, median, unit, against }) =>
        `${name}: ${String(ratio)} times the speed of ${against} (${spread.map(String).join(' to ')}), ${String(median)} ${unit} a run`,
    ),
    ...skipped.map(({ name, reason }) => `${name}: skipped, ${reason}`),
    ...failed.map(({ name, reason }) => `${name}: failed, ${reason}`),
  ];
  return {
    document: { formatVersion: 1, figures, skipped, failed },
    text: lines.join('\n'),
    outcome: failed.length === 0 ? 'done' : 'failed',
  };
}
