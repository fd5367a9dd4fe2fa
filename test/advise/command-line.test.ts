import { advise } from './run-advise';

it.each([
  [['--shards', '0'], /'--shards <count>' argument '0' is invalid/],
  [['--shards', '65000'], /65000 is no shard count: Citus cuts a table into 1 to 64,000 shards/],
  [['--queries', 'no-such.sql'], /no-such\.sql/],
  [['--queries', __dirname], /cannot be read|directory/i],
  [['--env', 'dev', '--url', 'postgresql://h/d'], /cannot be used with/],
  [['--spec', 'x.yaml'], /unknown option '--spec'/],
  [[], /no database was named/],
])('advise %j says what is wrong before a database is asked', async (argv, message) => {
  const url = argv.includes('65000') ? ['--url', 'postgresql://citus@127.0.0.1:9/citus'] : [];
  const { status, stdout, stderr } = await advise(undefined, ...argv, ...url);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(message);
});
