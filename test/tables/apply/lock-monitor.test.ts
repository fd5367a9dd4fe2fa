import { pauseAfter } from '../../../scripts/tables/apply/lock-monitor';

describe('the pause between two looks at every node', () => {
  it('leaves the nodes fifty times as long alone as the look kept them busy', () => {
    expect(pauseAfter(60, 15_000)).toBe(3_000);
  });

  it('is a second at least, and five at most', () => {
    expect(pauseAfter(5, 15_000)).toBe(1_000);
    expect(pauseAfter(400, 15_000)).toBe(5_000);
  });

  it('finds whoever holds a lock before the step gives up on it', () => {
    expect(pauseAfter(400, 6_000)).toBe(2_000);
    expect(pauseAfter(400, 2_000)).toBe(1_000);
  });
});
