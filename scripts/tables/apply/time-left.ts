import { groupBy } from '../../lib/group-by';
import type { TablesStep } from '../../database/model/step';
import { isOnlineCopy } from '../../database/model/step';
import type { StepAction } from '../../database/model/step-kinds';
import { sizeOfStep, stepSeconds } from '../plan/step-seconds';
import type { StepSize } from '../plan/step-seconds';

/** A step with what it was estimated to take, seconds. */
export interface EstimatedStep {
  /** Steps of one kind are off by a factor of their own. */
  readonly kind: string;
  readonly estimated: number;
}

/** The same, done. */
export interface TimedStep extends EstimatedStep {
  /** From the end of the step before it, so that looks in between count. */
  readonly seconds: number;
}

/** Steps of average luck that count against those that were measured: the first ones say little. */
const DOUBT = 4;

/** Citus reads the graph of all its foreign keys again for each of these, so that they get slower as tables come to it. */
const GROWING: ReadonlySet<StepAction> = new Set([
  'distribute',
  'restore-foreign-key',
  'validate-foreign-key',
]);
/** What they take at the beginning and at the end of a run, beside the average. */
const GROWTH = { from: 0.65, to: 1.5 };

/**
 * What each step of a plan is likely to take by the rows of its table. Pure.
 *
 * @param sizes by the names of tables as messages show them
 */
export function estimateSteps(
  steps: readonly TablesStep[],
  sizes: Readonly<Record<string, StepSize>>,
): EstimatedStep[] {
  return steps.map((step, index) => {
    const share = steps.length < 2 ? 0.5 : index / (steps.length - 1);
    const grows = GROWING.has(step.action) && !isOnlineCopy(step);
    const factor = grows ? GROWTH.from + (GROWTH.to - GROWTH.from) * share : 1;
    return {
      kind: isOnlineCopy(step) ? `${step.action} online` : step.action,
      estimated: stepSeconds(step, sizeOfStep(step, sizes)) * factor,
    };
  });
}

/**
 * How long the rest of a run takes: the estimates of the open steps, each corrected by how far off those of its kind were so far, and as long
 * as few of a kind are done by how far off all were. Pure.
 *
 * @returns seconds
 */
export function secondsLeft(done: readonly TimedStep[], open: readonly EstimatedStep[]): number {
  const largest = new Map<string, number>();
  for (const { kind, estimated } of [...done, ...open]) {
    largest.set(kind, Math.max(largest.get(kind) ?? 0, estimated));
  }
  const all = measured(done, DOUBT * Math.max(0, ...largest.values()), 1);
  const byKind = groupBy(done, ({ kind }) => kind);
  const factors = new Map(
    [...largest].map(([kind, most]) => [kind, measured(byKind.get(kind) ?? [], DOUBT * most, all)]),
  );
  return open.reduce((left, { kind, estimated }) => left + estimated * (factors.get(kind) ?? all), 0);
}

/** How many times as long as estimated steps took. @param expected the factor that the doubt speaks for */
function measured(steps: readonly TimedStep[], doubt: number, expected: number): number {
  const sum = (of: (step: TimedStep) => number): number => steps.reduce((all, step) => all + of(step), 0);
  const estimated = sum((step) => step.estimated) + doubt;
  return estimated === 0 ? expected : (sum(({ seconds }) => seconds) + doubt * expected) / estimated;
}

/** Where a run stands once a step is done. */
export interface StepPlace {
  /** From 1. */
  readonly number: number;
  readonly of: number;
  readonly secondsLeft: number;
}

/** Measures the steps of one run. */
export class RunClock {
  private readonly estimates: ReadonlyMap<string, EstimatedStep>;
  private readonly done: TimedStep[] = [];
  private readonly now: () => number;
  private last: number;

  /** @param now milliseconds */
  constructor(
    steps: readonly TablesStep[],
    sizes: Readonly<Record<string, StepSize>>,
    now: () => number = () => performance.now(),
  ) {
    this.now = now;
    const estimates = estimateSteps(steps, sizes);
    this.estimates = new Map(steps.map(({ id }, index) => [id, estimates[index] ?? UNFORESEEN]));
    this.last = now();
  }

  /**
   * The step has just been done.
   *
   * @param left the steps after it
   */
  stepDone(step: TablesStep, left: readonly TablesStep[]): StepPlace {
    const at = this.now();
    this.done.push({ ...this.estimateOf(step), seconds: (at - this.last) / 1000 });
    this.last = at;
    return {
      number: this.done.length,
      of: this.done.length + left.length,
      secondsLeft: secondsLeft(
        this.done,
        left.map((each) => this.estimateOf(each)),
      ),
    };
  }

  private estimateOf({ id }: TablesStep): EstimatedStep {
    return this.estimates.get(id) ?? UNFORESEEN;
  }
}

/** Of a step that no plan had at the beginning. */
const UNFORESEEN: EstimatedStep = { kind: 'unforeseen', estimated: 0.1 };
