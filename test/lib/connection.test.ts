import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import {
  connectionError,
  describeTarget,
  isThisMachine,
  loginOptions,
  targetFromEnvironment,
  targetFromUrl,
  withClient,
} from '../../scripts/lib/connection';
import { silentReporter } from '../../scripts/lib/reporter';

const remote = { PGHOST: 'c-wwi.postgres.cosmos.azure.com', PGPASSWORD: 'a Secret 1' };

describe('targetFromEnvironment', () => {
  it('reads the libpq variables, with the defaults of the service', () => {
    expect(targetFromEnvironment(remote)).toEqual({
      host: 'c-wwi.postgres.cosmos.azure.com',
      port: 5432,
      user: 'citus',
      database: 'citus',
      password: 'a Secret 1',
      sslMode: 'verify-full',
    });
  });

  it('lets an environment’s outputs win over the variables', () => {
    const target = targetFromEnvironment(
      { ...remote, PGPORT: '6432' },
      { host: 'other.example', port: 5432 },
    );
    expect(describeTarget(target)).toBe('citus@other.example:5432/citus');
  });

  it('has what PGOPTIONS says begin a session, and nothing where it says nothing', () => {
    expect(targetFromEnvironment({ ...remote, PGOPTIONS: '-c role=owner' })).toMatchObject({
      options: '-c role=owner',
    });
    expect(targetFromEnvironment({ ...remote, PGOPTIONS: '' })).not.toHaveProperty('options');
    const url = 'postgresql://localhost/citus?options=-c%20role%3Downer';
    expect(targetFromUrl(url, { PGOPTIONS: '-c role=other' }, { argument: true }).options).toBe(
      '-c role=owner',
    );
  });

  it('says that it reads no service file, where one is all that is named', () => {
    expect(() => targetFromEnvironment({ PGSERVICE: 'mine' })).toThrow(/PGSERVICE is not read here$/);
  });

  it.each([
    ['no host', {}, /no database was named: .*--env NAME.*--url URL.*PGHOST/],
    [
      'a port that is none',
      { PGHOST: 'localhost', PGPORT: 'abc' },
      /PGPORT is "abc": a port is a whole number/,
    ],
    ['a port out of range', { PGHOST: 'localhost', PGPORT: '70000' }, /PGPORT is "70000"/],
    [
      'TLS that proves nothing',
      { ...remote, PGSSLMODE: 'require' },
      /PGSSLMODE is "require".*only verify-full/,
    ],
    ['no TLS', { ...remote, PGSSLMODE: 'disable' }, /PGSSLMODE is "disable".*only verify-full/],
  ])('fails on %s', (_, environment, message) => {
    expect(() => targetFromEnvironment(environment)).toThrow(message);
  });
});

describe('loginOptions', () => {
  it.each([
    ['', ''],
    ['-c role=owner', '-c role=owner'],
    ['-c statement_timeout=5s', ''],
    ['-cstatement_timeout=5s --search-path=a', '--search-path=a'],
    ['  --Statement-Timeout=5s   -c  work_mem=1GB ', '-c work_mem=1GB'],
    ['-c DateStyle=ISO,\\ DMY -c idle_in_transaction_session_timeout=1', '-c DateStyle=ISO,\\ DMY'],
    ['-c lock_timeout=1 -e', '-e'],
    ['-c', '-c '],
  ])('of "%s" are "%s"', (options, kept) => {
    expect(loginOptions(options)).toBe(kept);
  });
});

describe('targetFromUrl', () => {
  it('takes the password from PGPASSWORD', () => {
    expect(
      targetFromUrl('postgresql://ada@127.0.0.1:5433/citus', { PGPASSWORD: 'x' }, { argument: true }),
    ).toEqual({
      host: '127.0.0.1',
      port: 5433,
      user: 'ada',
      database: 'citus',
      password: 'x',
      sslMode: 'disable',
    });
  });

  it('refuses a password in an argument, and does not repeat it', () => {
    const act = (): unknown =>
      targetFromUrl('postgresql://ada:hunter2@h.example/citus', {}, { argument: true });
    expect(act).toThrow(/--url holds a password/);
    expect(act).not.toThrow(/hunter2/);
  });

  it('accepts a password in a URL from the environment', () => {
    const target = targetFromUrl('postgresql://ada:hunter2@localhost/citus', {}, { argument: false });
    expect(target.password).toBe('hunter2');
    expect(describeTarget(target)).not.toContain('hunter2');
  });

  it.each([
    '',
    'localhost:5432',
    'https://h.example/db',
    'postgresql://[',
    'postgresql://us%er@h.example/db',
    'postgresql://ada@h.example/100%',
  ])('fails on %p', (url) => {
    expect(() => targetFromUrl(url, {}, { argument: true })).toThrow(/the database URL cannot be read/);
  });

  it('does not let a URL switch verification off', () => {
    expect(() =>
      targetFromUrl('postgresql://ada@h.example/citus?sslmode=require', {}, { argument: true }),
    ).toThrow(/only verify-full/);
  });
});

it.each([
  ['127.0.0.1', true],
  ['127.8.0.1', true],
  ['localhost', true],
  ['::1', true],
  ['/tmp', true],
  ['127.0.0.1.example.com', false],
  ['10.0.0.4', false],
  ['localhost.example', false],
])('isThisMachine(%p) is %p', (host, expected) => {
  expect(isThisMachine(host)).toBe(expected);
});

describe('connectionError', () => {
  const target = targetFromEnvironment(remote);
  const node = (code: string): Error => Object.assign(new Error(code), { code });
  const server = (code: string, message: string): Error =>
    Object.assign(new Error(message), { code, severity: 'FATAL' });

  it.each([
    [node('ECONNREFUSED'), /nothing listens there/],
    [new AggregateError([node('ECONNREFUSED')]), /nothing listens there/],
    [node('ENOTFOUND'), /host name is not known/],
    [new Error('timeout expired'), /no answer in time/],
    [server('28P01', 'password authentication failed'), /password is wrong or missing.*PGPASSWORD/],
    [server('28000', 'no pg_hba.conf entry for host "1.2.3.4"'), /network\.allow.*5 minutes/],
    [server('3D000', 'database "x" does not exist'), /no database "citus"/],
    [new Error('self-signed certificate in certificate chain'), /not trusted.*PGSSLROOTCERT/],
    [new Error('The server does not support SSL connections'), /does not speak TLS/],
  ])('%s', (error, message) => {
    const { message: text } = connectionError(target, error);
    expect(text).toMatch(message);
    expect(text).toContain('citus@c-wwi.postgres.cosmos.azure.com:5432/citus');
    expect(text).not.toContain('a Secret 1');
  });
});

describe('a firewall that does not know this address yet', () => {
  /** Answers every login as PostgreSQL does when no rule of pg_hba.conf fits. */
  async function shutServer(): Promise<{ port: number; logins: () => number; close: () => void }> {
    let logins = 0;
    const server = createServer((socket) => {
      socket.once('data', () => {
        logins += 1;
        const fields = Buffer.from('SFATAL\0C28000\0Mno pg_hba.conf entry for host "203.0.113.9"\0\0');
        const header = Buffer.alloc(5, 'E');
        header.writeInt32BE(fields.length + 4, 1);
        socket.end(Buffer.concat([header, fields]));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    return {
      port: (server.address() as AddressInfo).port,
      logins: () => logins,
      close: () => server.close(),
    };
  }

  it.each([
    [0, 1],
    [300, 2],
  ])('is asked for %i ms: %i logins, then the way out', async (waitForFirewallMs, expected) => {
    const server = await shutServer();
    const told: string[] = [];
    const reporter = { ...silentReporter, info: (text: string) => told.push(text) };
    const target = targetFromEnvironment({ PGHOST: '127.0.0.1', PGPORT: String(server.port) });
    const work = withClient({ ...target, waitForFirewallMs }, () => Promise.resolve(), { reporter });
    await expect(work).rejects.toThrow(/does not let this address in\. Add it to network\.allow/);
    server.close();
    expect(server.logins()).toBe(expected);
    expect(told).toHaveLength(expected - 1);
  });
});

describe('port 7432', () => {
  const use = (host: string): Promise<unknown> =>
    withClient({ host, port: 7432, user: 'a', database: 'b', sslMode: 'verify-full' }, () =>
      Promise.resolve(),
    );

  it('of an elastic cluster is refused before anything connects to it', async () => {
    await expect(use('wwi.postgres.database.azure.com')).rejects.toMatchObject({
      code: 'cluster.any-node',
      exitCode: 3,
      message: expect.stringMatching(
        /is any node of an elastic cluster.*to 5432; nothing was changed$/,
      ) as string,
    });
  });

  it('of another server is a port like any other', async () => {
    await expect(use('no-such-host.invalid')).rejects.toMatchObject({ code: 'cluster.unreachable' });
  });
});
