import { step } from '../../../scripts/database/model/step';
import type { TablesStep } from '../../../scripts/database/model/step';
import type { StepAction } from '../../../scripts/database/model/step-kinds';
import type { StepSize } from '../../../scripts/tables/plan/step-seconds';
import { RunClock, secondsLeft } from '../../../scripts/tables/apply/time-left';
import recorded from './recorded-runs.json';

/** Runs as they were: of each step what it did, the rows of its table, and seconds from the end of the step before it. */
const RUNS = Object.entries(recorded) as [string, [StepAction, number, number][]][];

function replay(name: string, run: readonly (readonly [StepAction, number, number])[], faster = 1) {
  const sizes: Record<string, StepSize> = {};
  const steps = run.map(([action, rows], index): TablesStep => {
    const table = { schema: 'public', name: `t${String(index)}` };
    sizes[table.name] = { rows, bytes: rows * 50 };
    return step(action, table, [], {
      comment: '',
      transaction: !(name === 'online' && action === 'distribute'),
    });
  });
  let now = 0;
  const clock = new RunClock(steps, sizes, () => now);
  return run.map(([, , seconds], index) => {
    now += (seconds * 1000) / faster;
    const [own] = steps.slice(index);
    if (own === undefined) throw new Error('a step is missing');
    return { at: now / 1000, ...clock.stepDone(own, steps.slice(index + 1)) };
  });
}

/** How far off the forecast end of a run is at each step, as a share of the run, from a share of it on. */
function errorsFrom(share: number, places: ReturnType<typeof replay>): number[] {
  const total = places.at(-1)?.at ?? 0;
  return places
    .filter(({ at }) => at >= total * share)
    .map(({ at, secondsLeft: left }) => Math.abs(at + left - total) / total);
}

describe.each(RUNS)('the time left of a recorded run, %s', (name, run) => {
  test('is within 30 % after a tenth of the way', () => {
    const places = replay(name, run);
    const total = places.at(-1)?.at ?? 0;
    const first = places.find(({ at }) => at >= total / 10);
    const real = total - (first?.at ?? 0);
    expect(Math.abs((first?.secondsLeft ?? 0) - real) / real).toBeLessThan(0.3);
    expect(Math.max(...errorsFrom(0.1, places))).toBeLessThan(0.3);
    expect(places.at(-1)).toMatchObject({ number: run.length, of: run.length, secondsLeft: 0 });
  });

  // Whose rates it has not: what it does first has to say so.
  test.each([0.2, 3])('is within 30 % after a third on a machine %s times as fast', (faster) => {
    expect(Math.max(...errorsFrom(1 / 3, replay(name, run, faster)))).toBeLessThan(0.3);
  });
});

test('steps of one kind are corrected by their own, and others by all until they are known', () => {
  const quick = { kind: 'drop-foreign-key', estimated: 1 };
  const copy = { kind: 'distribute', estimated: 1 };
  const done = Array.from({ length: 400 }, () => ({ ...quick, seconds: 0.1 }));
  const left = (open: readonly { kind: string; estimated: number }[]): number => secondsLeft(done, open);
  expect(left([quick])).toBeCloseTo(0.1, 1);
  expect(left([copy])).toBeLessThan(0.2);
  const copies = Array.from({ length: 400 }, () => ({ ...copy, seconds: 5 }));
  expect(secondsLeft([...done, ...copies], [copy])).toBeCloseTo(5, 0);
  expect(secondsLeft([...done, ...copies], [quick])).toBeCloseTo(0.1, 0);
  expect([secondsLeft([], []), secondsLeft([], [quick])]).toEqual([0, 1]);
});
