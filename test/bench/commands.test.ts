import { bench, BENCHES } from '../../scripts/bench/commands';
import type { Bench } from '../../scripts/bench/commands';
import { InterruptedError, ScaleoutError } from '../../scripts/lib/errors';
import { testContext } from '../tables/support/sensors';

const measured = (more: Partial<Bench> = {}): Bench => ({
  against: 'a peer',
  unavailable: () => Promise.resolve(undefined),
  pairs: (_, runs) =>
    Promise.resolve(Array.from({ length: runs }, (_each, index) => ({ ours: 2, peer: 3 + index }))),
  ...more,
});
const failing = (error: Error): Bench => measured({ pairs: () => Promise.reject(error) });

describe('bench', () => {
  it('gives every figure, what it could not take, and why', async () => {
    const { document, outcome, text } = await bench(
      testContext(),
      {},
      {
        quick: measured(),
        slow: measured({ runs: 1 }),
        elsewhere: measured({ unavailable: () => Promise.resolve('there is no psql on the PATH') }),
      },
    );
    expect(document).toEqual({
      formatVersion: 1,
      figures: [
        { name: 'quick', ratio: 2.5, unit: 'seconds', median: 2, spread: [1.5, 3.5], against: 'a peer' },
        { name: 'slow', ratio: 1.5, unit: 'seconds', median: 2, spread: [1.5, 1.5], against: 'a peer' },
      ],
      skipped: [{ name: 'elsewhere', reason: 'there is no psql on the PATH' }],
      failed: [],
    });
    expect(outcome).toBe('done');
    expect(text).toMatch(
      /^quick: 2\.5 times the speed of a peer .*\nslow: .*\nelsewhere: skipped, there is no psql/,
    );
  });

  it('takes as many pairs as it is asked for', async () => {
    const { document } = await bench(testContext(), { runs: 3 }, { slow: measured({ runs: 1 }) });
    expect(document.figures[0]?.spread).toEqual([1.5, 2.5]);
  });

  it('goes on where one fails, and says so in the end', async () => {
    const { document, outcome } = await bench(
      testContext(),
      {},
      { broken: failing(new ScaleoutError('bench.failed', 'psql failed')), quick: measured() },
    );
    expect(document.failed).toEqual([{ name: 'broken', reason: 'psql failed' }]);
    expect(document.figures.map(({ name }) => name)).toEqual(['quick']);
    expect(outcome).toBe('failed');
  });

  it('stops when it is asked to, and where the one that was asked for fails', async () => {
    const stopped = { broken: failing(new InterruptedError('stopped as asked')), quick: measured() };
    await expect(bench(testContext(), {}, stopped)).rejects.toThrow('stopped as asked');
    const asked = bench(
      testContext(),
      { name: 'broken' },
      { broken: failing(new ScaleoutError('bench.failed', 'psql failed')) },
    );
    await expect(asked).rejects.toThrow('psql failed');
  });

  it('knows the figures that documents name', () => {
    expect(Object.keys(BENCHES)).toEqual(
      expect.arrayContaining([
        'synth',
        'copy',
        'simulate',
        'simulate-sample',
        'apply',
        'apply-compared',
        'apply-compared-whole',
        'compare',
        'plan',
        'scale-first',
        'scale-first-online',
        'write-pause',
        'write-pause-small',
        'rebalance',
        'rebalance-compared',
      ]),
    );
  });
});
