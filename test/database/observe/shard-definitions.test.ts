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
