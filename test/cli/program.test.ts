import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { scaleout } from '../support/command-line';

/** Port 9 is discard: nothing listens there. */
const NOWHERE = [
  'tables',
  'verify',
  '--workload',
  'sensors',
  '--url',
  'postgresql://citus@127.0.0.1:9/citus',
];

describe('a wrong command line', () => {
  it.each([
    [['tabels', 'plan'], /unknown command 'tabels'.*\(Did you mean tables\?\)/s],
    [['tables', 'plna'], /unknown command 'plna'.*\(Did you mean plan\?\)/s],
    [['tables', 'plan', '--jsn'], /unknown option '--jsn'.*\(Did you mean --json\?\)/s],
    [
      ['local', 'run', '--rows', 'many'],
      /'--rows <count>' argument 'many' is invalid. It must be a whole number, 1 or more/,
    ],
    [['local', 'run', '--rows', '0'], /argument '0' is invalid/],
    [['local', 'run', '--rows', '1e6'], /argument '1e6' is invalid/],
    [
      ['local', 'run', '--engine', 'oracle'],
      /'oracle' is invalid. Allowed choices are citus-url, docker, native, embedded/,
    ],
    [
      ['local', 'run', '--order', 'sideways'],
      /'sideways' is invalid. Allowed choices are scale-first, distribute-first/,
    ],
    [['local', 'run', '--workload', 'sensor'], /sensor.*sensors/],
    [['local', 'run', 'extra'], /too many arguments/],
    [
      ['rebalance', 'run', '--strategy', 'greedy'],
      /'greedy' is invalid. Allowed choices are by_disk_size, by_shard_count/,
    ],
    [['rebalance', 'run', '--env', 'dev', '--url', 'postgresql://h/d'], /cannot be used with/],
    [['tables', 'plan'], /nothing says how the database should be: .*--spec.*--workload.*--env/],
    [['tables', 'plan', '--spec', 'no-such-file.yaml'], /no-such-file\.yaml/],
    [['tables', 'plan', '--workload', 'sensors'], /no database was named/],
    [
      ['tables', 'verify', '--workload', 'sensors', '--queries', 'no-such-queries.sql'],
      /no-such-queries\.sql.*does not exist/,
    ],
    [
      [...NOWHERE, '--receipt', 'no-such-receipt.json'],
      /the receipt no-such-receipt\.json cannot be read \(ENOENT\): name a file that "tables apply --receipt" wrote/,
    ],
    [
      [...NOWHERE, '--receipt', 'package.json'],
      /package\.json is not a receipt: "tables apply --receipt FILE"/,
    ],
    [
      ['tables', 'apply', ...NOWHERE.slice(2), '--receipt', 'no-such-folder/receipt.json'],
      /no-such-folder\/receipt\.json \(ENOENT\): name a file in a directory.*; nothing was changed/,
    ],
    [['roles', 'plan'], /required option '--env <name>' not specified/],
    [['roles', 'apply', '--env', 'staging'], /no environment "staging"/],
    [['tables', 'plan', '--env', 'staging'], /no environment "staging".*dev or prod/],
    [['rebalance', 'status', '--url', 'postgresql://a:hunter2@h.example/d'], /--url holds a password/],
    [
      ['audit', 'diff', 'dev@wide', 'prod'],
      /"dev@wide" names the stage "wide": a stage is single-node or scaled-out/,
    ],
    [['bench', 'speed'], /there is no bench "speed": choose one of/],
  ])('%j', async (argv, message) => {
    const answer = await scaleout(argv);
    expect(answer.stderr).toMatch(message);
    expect(answer).toMatchObject({ status: 1, stdout: '' });
    expect(answer.stderr).toMatch(/^error: /);
    expect(answer.stderr).not.toMatch(/\n\s+at |hunter2/);
    expect(answer.stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  });
});

it('cannot reach a database: one paragraph, exit 1, and where it came from only on request', async () => {
  const answer = await scaleout(NOWHERE);
  expect(answer.status).toBe(1);
  expect(answer.stderr).toBe(
    'error: cannot connect to citus@127.0.0.1:9/citus: nothing listens there. Is the server up, and is it the right port?\n',
  );
  expect((await scaleout([...NOWHERE, '--debug'])).stderr).toMatch(/\n\s+at /);
});

it('prints one JSON document, and nothing else, on stdout', async () => {
  const answer = await scaleout(['schemas', '--check', '--json']);
  expect(JSON.parse(answer.stdout)).toEqual({ formatVersion: 1, stale: [] });
  expect(answer.status).toBe(0);
});

it('lists its verbs', async () => {
  const { stdout, status } = await scaleout(['--help']);
  expect(status).toBe(0);
  const verbs = [...stdout.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name);
  expect(verbs).toEqual([
    'adopt',
    'guard',
    'deploy',
    'plan',
    'apply',
    'promote',
    'verify-receipt',
    'roles',
    'tables',
    'advise',
    'simulate',
    'rebalance',
    'compare',
    'audit',
    'local',
    'schemas',
    'bench',
    'help',
  ]);
});

describe('a command that fails with --json', () => {
  const failure = async (...words: string[]): Promise<{ code: string; details: unknown; hint: string }> => {
    const { status, stdout, stderr } = await scaleout([...words, '--json']);
    expect(status).toBe(1);
    const document = JSON.parse(stdout) as {
      formatVersion: number;
      error: { code: string; message: string; details: unknown; hint: string };
    };
    expect(document.formatVersion).toBe(1);
    // People read the same on stderr.
    expect(stderr).toContain(document.error.message);
    return document.error;
  };

  it('prints one document with the code of the error', async () => {
    expect(await failure('tables', 'plan')).toMatchObject({ code: 'input.nothing-specified', details: {} });
    expect(await failure('tables', 'plna')).toMatchObject({ code: 'input.usage' });
    expect(await failure(...NOWHERE)).toMatchObject({
      code: 'cluster.unreachable',
      details: { host: '127.0.0.1', port: 9, database: 'citus' },
    });
  });

  it.each([
    [['audit', 'diff', 'dev'], /name two environments or stages/],
    [['audit', 'diff', 'dev', 'prod', '--since', 'v1'], /takes no names/],
    [['audit', 'diff', 'dev', 'prod', '--env', 'dev'], /go with --since alone/],
  ])('takes a release or two names to compare: %j', async (words, message) => {
    expect(await failure(...words)).toMatchObject({
      code: 'input.usage',
      message: expect.stringMatching(message) as string,
    });
  });

  it('lists the issues of a file', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'scaleout-program-'));
    const file = path.join(directory, 'wrong.yaml');
    writeFileSync(file, 'shardCount: 4\ntabels: {}\n');
    const { code, details } = await failure('tables', 'plan', '--spec', file);
    rmSync(directory, { recursive: true });
    expect(code).toBe('config.invalid');
    expect(details).toMatchObject({
      issues: expect.arrayContaining([
        expect.objectContaining({ code: 'config.unknown-key', line: 2 }),
      ]) as unknown,
    });
  });
});

it('refuses to make roles that Terraform makes: exit 3', async () => {
  const { status, stderr } = await scaleout(['roles', 'plan', '--env', 'dev']);
  expect(status).toBe(3);
  expect(stderr).toMatch(/^error: the roles of dev are made by Terraform, .*nothing was changed\n$/);
});
