import { describeOddShard } from '../../../scripts/database/observe/shard-definitions';
import { named } from '../../tables/support/catalog';

test.each([
  ['indexes', 'indexes of public.events_102010 on worker-1:5432'],
  ['no answer', 'worker-1:5432 gave no answer about public.events_102010'],
  ['missing', 'public.events_102010 is missing on worker-1:5432'],
])('a shard that differs by its %s', (what, expected) => {
  const relation = 'public.events_102010';
  expect(describeOddShard({ table: named('events'), relation, node: 'worker-1:5432', what })).toBe(expected);
});

test('the words of a node that gave no answer are in one line', () => {
  const shard = { table: named('events'), relation: 'public.events_102010', node: 'worker-1:5432' };
  expect(describeOddShard({ ...shard, what: 'no answer', said: 'ERROR:  too slow\n' })).toBe(
    'worker-1:5432 gave no answer about public.events_102010 (ERROR: too slow)',
  );
});
