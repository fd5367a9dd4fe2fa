import { pauseAfter } from '../../scripts/tables/watch';

describe('the pause between two looks at every node', () => {
  it('leaves the nodes fifty times as long alone as the look kept them busy', () => {
    expect(pauseAfter(60, Infinity)).toBe(3_000);
  });

  it('is a second at least, and five at most', () => {
    expect(pauseAfter(5, Infinity)).toBe(1_000);
    expect(pauseAfter(400, Infinity)).toBe(5_000);
  });

  it('is shorter where somebody has to be found by then, down to that second', () => {
    expect(pauseAfter(400, 2_000)).toBe(2_000);
    expect(pauseAfter(400, 667)).toBe(1_000);
  });
});
