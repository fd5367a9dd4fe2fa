import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readServerLogs } from '../../scripts/advise/server-log';

describe('a log of a server', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'scaleout-log-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const read = (...texts: readonly string[]) =>
    readServerLogs(
      texts.map((text, index) => {
        const file = join(directory, `${String(index)}.log`);
        writeFileSync(file, text);
        return file;
      }),
    );
  const json = (message: string, dbname = 'shop'): string => JSON.stringify({ dbname, message });

  it('counts only what an application runs', async () => {
    const { statements, caveats } = await read(
      [
        'begins in the middle of a line',
        '2026-11-30 08:00:00.000 UTC [7] LOG:  duration: 0.1 ms  parse <unnamed>: SELECT 1',
        '2026-11-30 08:00:00.000 UTC [7] LOG:  duration: 0.1 ms  bind <unnamed>: SELECT 1',
        '2026-11-30 08:00:00.000 UTC [7] LOG:  duration: 0.1 ms  execute S_1: SELECT 1',
        "2026-11-30 08:00:00.000 UTC [7] DETAIL:  parameters: $1 = '7'",
        '2026-11-30 08:00:00.000 UTC [7] LOG:  duration: 0.1 ms  execute fetch from S_1/C_1: SELECT 1',
        '2026-11-30 08:00:00.000 UTC [7] LOG:  statement: ALTER ROLE app PASSWORD $$secret$$',
        '2026-11-30 08:00:00.000 UTC [7] LOG:  statement: BEGIN; COMMIT',
        '2026-11-30 08:00:00.000 UTC [7] ERROR:  relation "t" does not exist',
        '2026-11-30 08:00:00.000 UTC [7] STATEMENT:  SELECT * FROM t',
        '2026-11-30 08:00:00.000 UTC [7] LOG:  checkpoint starting: time',
        '',
      ].join('\r\n'),
    );
    expect({ statements, caveats }).toEqual({ statements: [{ query: 'SELECT $1', calls: 1 }], caveats: [] });
  });

  it('says what it leaves out: statements that are cut short, lines that are none', async () => {
    const { statements, caveats } = await read(
      [json('statement: SELECT 1'), json("statement: SELECT 'cut of"), '{"message": 7}', '{"mess'].join('\n'),
    );
    expect(statements).toHaveLength(1);
    expect(caveats).toEqual([
      '1 statement of the log is cut short or no SQL of PostgreSQL, and counts for nothing',
    ]);
  });

  it('takes several files, each in its own format, and names the databases', async () => {
    const { statements, caveats } = await read(
      [json('statement: SELECT 1'), json('statement: SELECT 2', 'billing')].join('\n'),
      '2026-11-30 08:00:00.000 UTC,"app","stock",7,"::1:1",x.1,1,"SELECT",2026-11-30 08:00:00 UTC,3/1,0,LOG,00000,"statement: SELECT ""a"",\n1 FROM t",,,,,,,,,"psql","client backend",,0\n',
    );
    expect(statements).toEqual([
      { query: 'SELECT $1', calls: 2 },
      { query: 'SELECT "a",\n$1 FROM t', calls: 1 },
    ]);
    expect(caveats).toEqual([
      "the log holds statements of 3 databases (billing, shop and stock): those that fit this one's tables count",
    ]);
  });

  it.each([
    ['nothing', ''],
    ['no log', 'name: dev\n'],
    ['an error alone', '2026-11-30 08:00:00.000 UTC [7] STATEMENT:  SELECT 1\n'],
  ])('refuses a file that holds %s', async (_, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'file.wrong-kind' });
  });
});
