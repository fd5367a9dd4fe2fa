import { scaleout } from '../support/command-line';

it.each([
  [
    ['up', '--workers', '0'],
    /--workers is 0: a cluster without workers is --single-node; nothing was started/,
  ],
  [['up', '--workers', '99'], /--workers is 99: a cluster has 2 to 20 workers/],
  [['up', '--workers', 'many'], /'many' is invalid/],
  [['up', '--single-node', '--workers', '2'], /cannot be used with/],
  [['up', '--empty', '--terraform'], /--terraform is part of the journey/],
  [['up', '--sql', 'nowhere.sql'], /nowhere\.sql cannot be read \(ENOENT\)/],
  [['up', '--empty', '--workload', 'sensor'], /there is no workload "sensor" \(did you mean "sensors"\?\)/],
  [['scale'], /required option '--workers <count>' not specified/],
  [['scale', '--workers', '99'], /--workers is 99: a cluster has 2 to 20 workers/],
])('local %j says what is wrong', async (argv, message) => {
  const { status, stderr } = await scaleout(['local', ...argv]);
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
});
