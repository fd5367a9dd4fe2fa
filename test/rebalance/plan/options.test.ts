import { withDefaults } from '../../../scripts/rebalance/plan/options';
import { jobDefaults } from '../../../scripts/rebalance/cost/ways';

test("defaults of a job are Citus's own", () => {
  expect(jobDefaults({})).toEqual({ strategy: 'by_disk_size', mode: 'auto' });
});

test('a run keeps to a budget unless a mode or a job is asked for', () => {
  expect(withDefaults({})).toMatchObject({ strategy: 'by_disk_size', budget: { maxWritePauseMs: 300 } });
  expect(withDefaults({ maxWritePauseMs: 500, maxMoves: 3 })).toMatchObject({
    budget: { maxWritePauseMs: 500, maxMoves: 3 },
  });
  expect(withDefaults({ way: 'background' })).toEqual({ strategy: 'by_disk_size', mode: 'auto' });
  expect(withDefaults({ mode: 'block_writes' })).toEqual({ strategy: 'by_disk_size', mode: 'block_writes' });
});

test.each([
  [
    { way: 'background', maxWritePauseMs: 300 },
    /--max-write-pause is of --way budgeted.*or --way background$/,
  ],
  [{ way: 'background', only: 'events' }, /--only is of --way budgeted/],
  [{ mode: 'auto', drain: 'w0' }, /--drain is of --way budgeted.*which --mode chooses.*or --mode$/],
  [{ mode: 'auto', maxMoves: 1 }, /--max-moves is of --way budgeted/],
  [{ way: 'budgeted', mode: 'auto' }, /--mode auto is of --way background/],
  [{ mode: 'auto', bytesPerSecond: 1 }, /--throttle is of --way budgeted/],
  [{ waitForHours: true }, /--wait is for --window/],
  [{ maxWritePauseMs: 5 }, /--max-write-pause is 5 ms.*20 or more; 300 is the default/],
  [{ maxParallel: 99 }, /--max-parallel is 99, and 16 is the most: .*replication slot.*Choose 2 to 4/],
] as const)('%j is refused in a paragraph', (asked, message) => {
  expect(() => withDefaults(asked)).toThrow(message);
});
