import { scaleout } from '../support/command-line';

const failure = async (from: string, to: string, ...more: string[]): Promise<unknown> => {
  const { status, stdout } = await scaleout(['compare', '--from', from, '--to', to, ...more, '--json'], {
    PGPASSWORD: 'x',
  });
  return { status, error: (JSON.parse(stdout) as { error: unknown }).error };
};

const HERE = 'postgresql://citus@127.0.0.1:1/a';

test('a password in either URL is refused by the name of its flag, and is not repeated', async () => {
  const refused = await failure(HERE, 'postgresql://citus:secret@127.0.0.1:1/b');
  expect(refused).toMatchObject({ status: 1, error: { code: 'cluster.password-in-url' } });
  expect(JSON.stringify(refused)).toMatch(/--to holds a password.*PGPASSFILE/);
  expect(JSON.stringify(refused)).not.toContain('secret');
});

test('one database on both sides is no comparison', async () => {
  expect(await failure(HERE, HERE)).toMatchObject({ status: 1, error: { code: 'input.invalid' } });
});

test('an environment that is not there, and a file that is not, are named', async () => {
  expect(await failure('env:nowhere', HERE)).toMatchObject({ error: { code: 'input.unknown-environment' } });
  expect(await failure(HERE, `${HERE}b`, '--queries', 'no-such.sql')).toMatchObject({
    error: { code: 'config.invalid' },
  });
});

test('a side that cannot be reached ends with the error of the connection', async () => {
  expect(await failure(HERE, `${HERE}b`)).toMatchObject({
    status: 1,
    error: { code: 'cluster.unreachable' },
  });
});

test('TLS is verified unless the server is this machine', async () => {
  const loose = 'postgresql://citus@db.example.com/a?sslmode=require';
  expect(await failure(loose, HERE)).toMatchObject({ error: { code: 'cluster.tls' } });
});

test('both sides have to be named', async () => {
  expect(await scaleout(['compare', '--from', HERE])).toMatchObject({ status: 1 });
});

test.each(['a"b', 't,,u', 't,', ''])(
  '--tables %j is refused, and no part of it is left out',
  async (tables) => {
    const { stderr } = await scaleout(['compare', '--from', HERE, '--to', `${HERE}b`, '--tables', tables]);
    expect(stderr).toMatch(/--tables.*one comma between two, each double quote closed/s);
  },
);

test('--tables takes names of tables', async () => {
  const { status, stderr } = await scaleout([
    'compare',
    '--from',
    HERE,
    '--to',
    `${HERE}b`,
    '--tables',
    'a,b-c',
  ]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/--tables.*"b-c" is no/s);
});
