import { scaleout } from '../support/command-line';

it.each([
  [['--column', 'device_id'], /--column needs --table/],
  [['--table', 'Events', '--column', 'id'], /--table "Events" has capitals/],
  [['--table', 'events', '--column', 'a b'], /--column "a b" is no plain name/],
  [['--table', 'events', '--column', 'id', '--workload', 'sensors'], /cannot be used with/],
  [['--workload', 'sensors', '--sample', '--exact'], /cannot be used with/],
  [['--workload', 'sensors', '--workers', 'two'], /'two' is invalid/],
  [['--workload', 'sensors', '--shards', '0'], /'0' is invalid/],
  [['--workload', 'sensors', '--strategy', 'greedy'], /'greedy' is invalid/],
  [['--env', 'staging'], /no environment "staging"/],
  // Everything is right, and only the database is not named; one that is distributed says itself how.
  [[], /no database was named/],
  // What it is distributed by, where it is.
  [['--table', 'events'], /no database was named/],
  [['--table', 'events', '--column', 'id', '--no-coordinator-holds-shards'], /no database was named/],
])('simulate %j says what is wrong', async (argv, message) => {
  const { status, stderr } = await scaleout(['simulate', ...argv]);
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
});
