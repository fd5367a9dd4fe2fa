import fc from 'fast-check';
import { figureOf, measurePairs } from '../../scripts/bench/figure';
import { cases } from '../support/properties';

describe('figureOf', () => {
  it('says how many times better than the peer, pair by pair', () => {
    const pairs = [
      { ours: 1, peer: 2 },
      { ours: 2, peer: 2 },
      { ours: 1, peer: 3 },
    ];
    expect(figureOf('load', 'psql', pairs)).toEqual({
      name: 'load',
      ratio: 2,
      unit: 'seconds',
      median: 1,
      spread: [1, 3],
      against: 'psql',
    });
  });

  it('does not move when the machine slows both sides of every pair', () => {
    const seconds = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(
        seconds,
        seconds,
        fc.array(seconds, { minLength: 1, maxLength: 9 }),
        (ours, peer, slowness) => {
          const pairs = slowness.map((factor) => ({ ours: ours * factor, peer: peer * factor }));
          const alone = figureOf('x', 'y', [{ ours, peer }]);
          expect(figureOf('x', 'y', pairs).ratio).toBeCloseTo(
            alone.ratio,
            2 - Math.floor(Math.log10(alone.ratio)) - 1,
          );
        },
      ),
      cases(),
    );
  });

  it('fails without a run', () => {
    expect(() => figureOf('load', 'psql', [])).toThrow(RangeError);
  });
});

it('takes the runs in turn, after one of each that does not count', async () => {
  const order: string[] = [];
  const side = (name: string) => async () => {
    order.push(name);
    return 1;
  };
  expect(await measurePairs(2, side('ours'), side('peer'))).toHaveLength(2);
  expect(order).toEqual(['ours', 'peer', 'ours', 'peer', 'ours', 'peer']);
});

it('runs ours unmeasured before each pair where the peer takes minutes', async () => {
  const order: string[] = [];
  const side = (name: string) => async () => {
    order.push(name);
    return 1;
  };
  expect(await measurePairs(2, side('ours'), side('peer'), { warmUp: 'each-pair' })).toHaveLength(2);
  expect(order).toEqual(['ours', 'ours', 'peer', 'ours', 'ours', 'peer']);
});
