import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PUBLISHED, publishedFile, specsStatus } from './published-apis';
import { scratchDirectory } from './scratch';

const scratch = scratchDirectory();
const PROVIDER = 'resource-manager/Microsoft.DBforPostgreSQL';
const FILES = {
  today: {
    clusters: `specification/postgresqlhsc/${PROVIDER}/PostgresqlHsc/stable/2022-11-08/postgresqlhsc.json`,
    servers: `specification/postgresql/${PROVIDER}/PostgreSQL/stable/2025-08-01/openapi.json`,
  },
  before: {
    clusters: `specification/postgresqlhsc/${PROVIDER}/stable/2022-11-08/postgresqlhsc.json`,
    servers: `specification/postgresql/${PROVIDER}/stable/2025-08-01/openapi.json`,
  },
};

/** A copy of the repository that has these files and nothing else. */
function copyWith(name: string, files: readonly string[]): string {
  const copy = join(scratch, name);
  mkdirSync(copy);
  for (const file of files) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), '{}');
  }
  return copy;
}

describe('the published files of the services', () => {
  it.each(['today', 'before'] as const)('are found by the layout of %s', (layout) => {
    const { clusters, servers } = FILES[layout];
    const copy = copyWith(layout, [clusters, servers]);
    expect(publishedFile(copy, PUBLISHED.clusters)).toBe(join(copy, clusters));
    expect(publishedFile(copy, PUBLISHED.servers)).toBe(join(copy, servers));
    expect(specsStatus(copy)).toEqual({ runs: true, reason: copy });
  });

  it("are those of today's layout where a copy has both", () => {
    const copy = copyWith('both', [FILES.before.servers, FILES.today.servers]);
    expect(publishedFile(copy, PUBLISHED.servers)).toBe(join(copy, FILES.today.servers));
  });

  it('are missing by name in a copy that has not all of them, and nothing runs', () => {
    const copy = copyWith('half', [FILES.today.clusters]);
    expect(publishedFile(copy, PUBLISHED.servers)).toBeUndefined();
    const reason = `AZURE_API_SPECS names ${copy}, which has no postgresql/…/2025-08-01/openapi.json below specification`;
    expect(specsStatus(copy)).toEqual({ runs: false, reason });
    expect(specsStatus('')).toMatchObject({
      runs: false,
      reason: expect.stringMatching(/names no copy/) as string,
    });
  });
});
