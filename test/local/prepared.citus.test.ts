import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { withClient } from '../../scripts/lib/connection';
import type { VerbContext } from '../../scripts/lib/verb';
import { localDown, localStatus, requireUp } from '../../scripts/local/commands';
import { localEngines } from '../../scripts/local/engines';
import { readPassword } from '../../scripts/local/engines/local-state';
import { findNative } from '../../scripts/local/engines/native';
import { openServerProcesses } from '../../scripts/local/engines/server-processes';
import type { PreparedInput } from '../../scripts/local/prepared';
import { localPrepare } from '../../scripts/local/prepared';
import { localPsql } from '../../scripts/local/psql';
import type { RunInTerminal } from '../../scripts/local/psql';
import type { LocalWorld } from '../../scripts/local/run';
import { localScale } from '../../scripts/local/scale';
import { platformSuite } from '../support/citus';
import { testEnvironment } from '../support/environment';
import { testContext } from '../tables/support/sensors';

jest.setTimeout(240_000);

/** As pg_dump writes it, with a body that holds semicolons and rows of COPY. */
const DUMP = String.raw`
\restrict abc
SET statement_timeout = 0;
CREATE TABLE public.owners (
    id bigint NOT NULL,
    name text
);
CREATE FUNCTION public.twice(n int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  RETURN n * 2; -- twice;
END $$;
COPY public.owners (id, name) FROM stdin;
1	one; two
2	\N
3	a\tb
\.
ALTER TABLE ONLY public.owners ADD CONSTRAINT owners_pkey PRIMARY KEY (id);
\unrestrict abc
`;

platformSuite('a local cluster without the journey', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'scaleout-prepared-'));
  const world: LocalWorld = {
    engines: localEngines({}).filter(({ name }) => name === 'native'),
    environment: testEnvironment(),
    stateDirectory: path.join(directory, 'state'),
  };
  const context: VerbContext = testContext();
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(directory, name), text);
    return path.join(directory, name);
  };
  const up = (input: PreparedInput) => localPrepare(context, input, world);

  afterAll(async () => {
    await localDown(context, world);
    rmSync(directory, { recursive: true, force: true });
  });

  const ask = async <Row extends object>(sql: string): Promise<Row[]> => {
    const { state, files } = requireUp(world);
    const target = { ...state.connection, password: readPassword(files), sslMode: 'disable' as const };
    return withClient(target, async (client) => (await client.query<Row>(sql)).rows);
  };

  test('what is wrong is said before anything is started, or with nothing left', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => {
        const address = taken.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const broken = file('broken.sql', 'CREATE TABLE t (n int);\n\nINSERT INTO t\n  VALUES (1, 2);\n');
    const rows = file('rows.sql', 'CREATE TABLE t (n int);\nCOPY t FROM stdin;\n1\nx\n\\.\n');
    const open = file('open.sql', "SELECT 1;\nSELECT 'never closed;\n");
    const command = file('command.sql', 'SELECT 1;\n\\connect other\n');
    const wrong: [PreparedInput, RegExp][] = [
      [{ workload: 'sensor' }, /there is no workload "sensor" \(did you mean "sensors"\?\)/],
      [{ port }, new RegExp(`^port ${String(port)} of this machine is in use: .*nothing was started$`)],
      [{ workers: 99 }, /^--workers is 99: a cluster has 2 to 20 workers, as on Azure/],
      [
        { sql: [path.join(directory, 'missing.sql')] },
        /missing\.sql cannot be read \(ENOENT\).*nothing was started$/,
      ],
      [{ engine: 'citus-url' }, /^the cluster of CITUS_URL is there already/],
      [{ workers: 0, sql: [broken] }, /broken\.sql, line 4: INSERT has more expressions than target columns/],
      [{ workers: 0, sql: [rows] }, /rows\.sql, line 4: invalid input syntax for type integer: "x"/],
      [{ workers: 0, sql: [open] }, /open\.sql, line 2: a string \('\) is not closed/],
      [{ workers: 0, sql: [command] }, /command\.sql, line 2: \\connect is a command of psql/],
    ];
    try {
      for (const [input, message] of wrong) {
        await expect(up(input)).rejects.toThrow(message);
        expect((await localStatus(context, world)).document.up).toBe(false);
      }
    } finally {
      taken.close();
    }
    await expect(localScale(context, { workers: 3 }, world)).rejects.toMatchObject({ code: 'local.not-up' });
    await expect(localPsql(context, [], world)).rejects.toMatchObject({ code: 'local.not-up' });
  });

  test('is loaded from a dump, gets workers as the platform would give them, and opens a shell', async () => {
    const { document } = await up({ workers: 2, sql: [file('dump.sql', DUMP)] });
    expect(document).toMatchObject({ workers: 2, loaded: [{ statements: 5 }], status: { up: true } });
    expect(document.status.workload).toBeUndefined();
    expect(await ask('SELECT id::int, name, twice(4) FROM owners ORDER BY id')).toEqual([
      { id: 1, name: 'one; two', twice: 8 },
      { id: 2, name: null, twice: 8 },
      { id: 3, name: 'a\tb', twice: 8 },
    ]);
    await ask("SELECT create_distributed_table('owners', 'id', shard_count := 6)");

    // A program that was killed once its server had started, and before it was a node.
    const { state } = requireUp(world);
    const { installation } = await findNative();
    const killed = openServerProcesses(state.directory ?? '', installation, state.connection.port + 500);
    const [stray] = await killed.start(['w2']);
    const scaled = await localScale(context, { workers: 3 }, world);
    expect(scaled.document.added).toEqual(['w2']);
    expect(scaled.document.nodes.map(({ name }) => name)).toEqual(['coordinator', 'w0', 'w1', 'w2']);
    expect(scaled.document.nodes.map(({ port }) => port)).not.toContain(stray?.port);
    expect((await localScale(context, { workers: 3 }, world)).document.added).toEqual([]);
    await expect(localScale(context, { workers: 2 }, world)).rejects.toThrow(/never taken away/);
    await expect(localScale(context, { workers: 0 }, world)).rejects.toThrow(/--workers is 0: .*2 to 20/);
    // It is a node like the others: the login reaches its shards.
    await ask('CREATE TABLE later (id int)');
    await ask("SELECT create_distributed_table('later', 'id', shard_count := 8, colocate_with := 'none')");
    const spread = await ask<{ nodes: number }>(
      "SELECT count(DISTINCT nodeport)::int AS nodes FROM citus_shards WHERE table_name = 'later'::regclass",
    );
    expect(spread).toEqual([{ nodes: 4 }]);
    await ask('INSERT INTO later SELECT generate_series(1, 100)');
    expect(await ask('SELECT count(*)::int FROM later')).toEqual([{ count: 100 }]);

    let seen: Parameters<RunInTerminal> | undefined;
    let output = '';
    const run: RunInTerminal = (...given) => {
      seen = given;
      const [program, args, environment] = given;
      return new Promise((resolve) => {
        execFile(program, [...args], { env: { ...environment } }, (error, stdout) => {
          output = stdout;
          resolve(error === null ? 0 : 1);
        });
      });
    };
    const answered = await localPsql(
      context,
      ['-AtXc', 'SELECT current_user, count(*) FROM later'],
      world,
      run,
    );
    expect([answered.outcome, output.trim()]).toEqual(['done', 'citus|100']);
    const password =
      readFileSync(seen?.[2]['PGPASSFILE'] ?? '', 'utf8')
        .trim()
        .split(':')
        .at(-1) ?? '';
    expect(password.length).toBeGreaterThan(10);
    expect(JSON.stringify(seen)).not.toContain(password);
    expect((await localPsql(context, ['-c', 'SELECT nothing'], world, run)).outcome).toBe('failed');
    await expect(up({ workers: 0 })).rejects.toMatchObject({ code: 'local.busy' });
    expect((await localDown(context, world)).document.tookDown).toBe(true);
  });
});
