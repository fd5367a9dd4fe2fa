import { describeEvent } from '../../scripts/lib/events';
import type { RunEvent } from '../../scripts/lib/events';

const retrying = (more: Partial<Extract<RunEvent, { name: 'step.retrying' }>>): RunEvent => ({
  name: 'step.retrying',
  step: 'distribute:a',
  reason: 'lock',
  attempt: 2,
  attempts: 12,
  blockers: [],
  ...more,
});

test.each<[RunEvent, string | undefined]>([
  [
    { name: 'plan.ready', steps: 1, blocking: [], pauses: false },
    '1 step to the specified distribution; writes go on throughout',
  ],
  [
    { name: 'plan.ready', steps: 2, blocking: [], pauses: true },
    '2 steps to the specified distribution; writes go on, but for moments',
  ],
  [
    { name: 'plan.ready', steps: 2, blocking: ['distribute:a', 'distribute:b'], pauses: true },
    '2 steps to the specified distribution; writes wait during distribute:a, distribute:b',
  ],
  [{ name: 'rows.counting' }, undefined],
  [
    { name: 'move.done', shard: 8, way: 'blocking', bytes: 1, seconds: 1, pauseMs: 2, secondsLeft: 3 },
    undefined,
  ],
  [
    { name: 'move.cancelled', shard: 8, way: 'blocking', reason: 'over-budget', pauseMs: 270, again: true },
    'the move of shard 8 was cancelled, because writes had waited 270 ms; it comes again later',
  ],
  [
    { name: 'move.cancelled', shard: 8, way: 'logical', reason: 'busy', pauseMs: 0, again: false },
    'the move of shard 8 by logical replication was cancelled, because another session was in its way; it is left',
  ],
  [{ name: 'step.started', step: 'distribute:a', action: 'distribute', table: 'a' }, undefined],
  [
    { name: 'step.done', step: 'drop-foreign-key:a', seconds: 0.04, shown: false },
    'drop-foreign-key:a (0.0 s)',
  ],
  [{ name: 'step.done', step: 'distribute:a', seconds: 9, shown: true }, undefined],
  [
    { name: 'step.done', step: 'distribute:a', seconds: 9, shown: true, number: 3, of: 12, secondsLeft: 65 },
    'distribute:a (9.0 s), step 3 of 12, about 1 min 5 s left',
  ],
  [
    {
      name: 'step.done',
      step: 'remove-record:a',
      seconds: 0.1,
      shown: false,
      number: 12,
      of: 12,
      secondsLeft: 0,
    },
    'remove-record:a (0.1 s), step 12 of 12',
  ],
  [
    retrying({ blockers: ['session 7', 'session 8'] }),
    'distribute:a waits for a lock held by session 7; session 8; attempt 2 of 12 gave up so that writes can go on',
  ],
  [
    retrying({ attempts: undefined }),
    'distribute:a waits for a lock; attempt 2 gave up so that writes can go on',
  ],
  [
    retrying({ reason: 'catalog' }),
    'distribute:a met another session in the catalogs of the server in attempt 2 of 12, and tries again',
  ],
  [
    retrying({ reason: 'stalled' }),
    'distribute:a was cancelled, because changes of writers no longer reached the copy; it starts again',
  ],
  [
    { name: 'step.rechecking', step: 'distribute:a', message: 'division by zero.' },
    'distribute:a failed; reading the database again: division by zero.',
  ],
  [
    { name: 'look.retrying', message: 'a table is locked', attempt: 1, attempts: 3 },
    'a table is locked; this was attempt 1 of 3',
  ],
])('%j is read as %s', (event, text) => {
  expect(describeEvent(event)).toBe(text);
});
