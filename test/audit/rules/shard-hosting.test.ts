import { shardHosting } from '../../../scripts/audit/rules/shard-hosting';
import { problems, stack, status } from '../builders';

describe('shard-hosting', () => {
  it.each([
    [0, true],
    [2, true],
    [2, false],
  ])('holds for %d workers and %s', (node_count, shards_on_coordinator_enabled) => {
    expect(
      status(shardHosting, stack('dev', { cluster: { node_count, shards_on_coordinator_enabled } })),
    ).toBe('compliant');
  });

  it.each([
    ['unset', { shards_on_coordinator_enabled: undefined }, /is not set: the service then decides/],
    ['a token', { shards_on_coordinator_enabled: '${var.x}' }, /is \$\{var\.x\}, which only an apply/],
    ['of another type', { shards_on_coordinator_enabled: 'maybe' }, /is "maybe"/],
    ['off on a single node', { node_count: 0, shards_on_coordinator_enabled: false }, /no node is left/],
    ['set beside an unknown number of workers', { node_count: '${var.n}' }, /node_count is \$\{var\.n\}/],
  ])('finds it %s', (_, cluster, message) => {
    const found = problems(shardHosting, stack('dev', { cluster }));
    expect(found.map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
  });
});
